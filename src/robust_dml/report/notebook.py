"""Runs a notebook from beginning to end on a study, into one HTML file."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING

from robust_dml.runtime.errors import UserError
from robust_dml.runtime.extras import from_extra
from robust_dml.runtime.files import write_text

if TYPE_CHECKING:
    from nbformat import NotebookNode

SECONDS_PER_CELL = 600


def execute_notebook(notebook: Path, study: Path) -> str:
    """Return the HTML of a notebook that is run in the current folder; its cell tagged `parameters` names `study`.

    Raises UserError, with the cell's own error, if a cell fails, or if this machine cannot reach itself.
    """
    with from_extra("report", str(notebook)):
        import nbformat
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError
        from nbconvert import HTMLExporter

    _require_loopback(notebook)
    document = nbformat.read(notebook, as_version=4)
    name_study(document, study)
    try:
        NotebookClient(document, timeout=SECONDS_PER_CELL, resources={"metadata": {"path": str(Path.cwd())}}).execute()
    except CellExecutionError as error:
        raise UserError(f"{notebook}: a cell failed: {error.ename}: {error.evalue}") from error
    html, _ = HTMLExporter().from_notebook_node(document)
    return str(html)


def name_study(document: NotebookNode, study: Path) -> None:
    """Assign the path of `study` in the cell tagged `parameters`, quoted, so that no path is code."""
    for cell in document.cells:
        if "parameters" in cell.metadata.get("tags", []):
            cell.source = f"STUDY = {str(study)!r}"


def _require_loopback(notebook: Path) -> None:
    """A notebook and its kernel talk through a socket of this machine; without it they wait for minutes."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname(), timeout=5).close()
    except OSError as error:
        raise UserError(
            f"{notebook}: a notebook needs the loopback interface, and 127.0.0.1 cannot be reached"
            f" ({error.strerror or error}); switch it on with: ip link set lo up"
        ) from error


def write_notebook(notebook: Path, study: Path, html: Path) -> None:
    """Run `notebook` on `study` and write the executed copy to `html`, atomically."""
    write_text(html, execute_notebook(notebook, study))
