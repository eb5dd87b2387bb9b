"""The images of a published dataset: its archives verified and unpacked, once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from robust_dml.data.archives.check import fingerprint, require_archive
from robust_dml.data.archives.sources import Source, archives_folder, chosen_layout
from robust_dml.data.archives.unpack import unpack
from robust_dml.runtime.files import filling, read_json, write_json
from robust_dml.runtime.progress import say

RECORD = "archives.json"


def unpack_originals(
    source: Source, images: Path, data_root: Path, arrange: Callable[[Path], None] | None = None
) -> None:
    """Fill the folder `images` from the archives of a source, unless it holds the content of these very archives.

    `arrange` changes the layout of the unpacked folder. Prints licence and citation when it unpacks. Raises UserError
    if an archive is absent, wrong or unsafe; the folder then stays as it was.
    """
    layout = chosen_layout(source, data_root)
    files = [archives_folder(data_root) / archive.file for archive in layout]
    for file, archive in zip(files, layout, strict=True):
        require_archive(file, archive)
    prints = {file.name: fingerprint(file) for file in files}
    if _unpacked_from(images) == prints:
        return
    say(f"{source.title}: {source.licence}. Please cite: {source.citation} <{source.home}>")
    with filling(images) as unfinished:
        for file, archive in zip(files, layout, strict=True):
            unpack(file, unfinished, archive.unpacked)
        if arrange is not None:
            arrange(unfinished)
        write_json(unfinished / RECORD, prints)


def _unpacked_from(images: Path) -> object:
    record = images / RECORD
    return read_json(record) if record.exists() else None
