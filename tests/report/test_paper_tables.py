"""The bundle for a paper: every table and figure is in it, and each says what made it."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from robust_dml.cli import main
from robust_dml.report.catalogue import figure_names, table_names
from robust_dml.report.results import Results
from robust_dml.runtime.provenance import revision

FOLDER = Path("results/made-up/paper")


@pytest.fixture
def texts(results: Results, study_file: Path) -> dict[str, str]:
    """The LaTeX files of the bundle, by their path in it."""
    if not FOLDER.exists():
        assert main(["paper-tables", str(study_file)]) == 0
    return {path.relative_to(FOLDER).as_posix(): path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.tex")}


def test_the_document_has_every_table_and_figure_once(texts: dict[str, str], results: Results) -> None:
    names = {f"tables/{name}" for name in table_names(results.study)}
    names |= {f"figures/{name}" for name in figure_names(results.study)}
    included = re.findall(r"\\input\{([^}]+)\}", texts["paper.tex"])
    assert sorted(included) == sorted(names)
    assert {f"{name}.tex" for name in names} | {"paper.tex"} == set(texts)
    for name in figure_names(results.study):
        assert (FOLDER / "figures" / f"{name}.pdf").read_bytes().startswith(b"%PDF")
        assert rf"\includegraphics[width=\textwidth]{{figures/{name}.pdf}}" in texts[f"figures/{name}.tex"]


def test_each_says_by_which_command_of_which_revision_from_which_numbers_it_was_made(texts: dict[str, str]) -> None:
    digest = hashlib.sha256(Path("results/made-up/metrics.csv").read_bytes()).hexdigest()[:12]
    made = rf"revision {revision()[:12]}; metrics.csv {digest}}}\par}}"
    for path, text in texts.items():
        if path != "paper.tex":
            kind, name = path.removesuffix(".tex").split("/")
            command = "robust-dml tables" if kind == "tables" else "robust-dml figures"
            (line,) = [line for line in text.splitlines() if command in line]
            assert line.endswith(made)
            assert kind == "tables" or f"--only {name};" in line


def test_braces_and_environments_are_closed(texts: dict[str, str]) -> None:
    for path, text in texts.items():
        bare = re.sub(r"\\[\\{}%]", "", "\n".join(re.sub(r"(?<!\\)%.*", "", line) for line in text.splitlines()))
        assert bare.count("{") == bare.count("}"), path
        assert re.findall(r"\\begin\{(\w+)\}", text) == re.findall(r"\\end\{(\w+)\}", text)[::-1], path
