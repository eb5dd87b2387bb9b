"""Download archives: the mirrors are tried in order until one sends the right file."""

from __future__ import annotations

import shutil
from pathlib import Path

from robust_dml.data.archives.check import archive_mistake, require_archive
from robust_dml.data.archives.http import MirrorError, Patience, receive
from robust_dml.data.archives.sources import Archive
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.progress import say


def fetch(archive: Archive, folder: Path, patience: Patience | None = None) -> Path:
    """Download an archive into `folder` unless it is there, and return its path; it is verified in both cases.

    An incomplete download is kept as `<file>.part`. Raises UserError that names every URL tried, or the expected and
    found hash and size of a file that was there.
    """
    target = folder / archive.file
    if target.exists():
        require_archive(target, archive)
        say(f"{target}: already there, verified")
        return target
    if not archive.mirrors:
        raise UserError(f"{target}: not there, and nowhere to download; {archive.ask or 'put it there'}")
    folder.mkdir(parents=True, exist_ok=True)
    _require_space(archive, folder)
    part = folder / f"{archive.file}.part"
    failures = []
    for url in archive.mirrors:
        try:
            _receive_right(url, part, archive, patience or Patience())
            part.replace(target)
            say(f"{target}: downloaded from {url}, {target.stat().st_size} bytes, verified")
            return target
        except MirrorError as error:
            say(f"{archive.file}: {url}: {error}")
            failures.append(f"{url}: {error}")
    raise UserError(f"{target}: all mirrors failed: {'; '.join(failures)}; try later, or put the file there yourself")


def _receive_right(url: str, part: Path, archive: Archive, patience: Patience) -> None:
    """A resumed file may mix the bytes of two mirrors: if it is wrong, it is downloaded once more from the start."""
    resumed = part.exists()
    receive(url, part, archive.size, patience)
    mistake = archive_mistake(part, archive)
    if mistake and resumed:
        part.unlink()
        receive(url, part, archive.size, patience)
        mistake = archive_mistake(part, archive)
    if mistake:
        part.unlink()
        raise MirrorError(f"wrong file: {mistake}")


def _require_space(archive: Archive, folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if archive.size is not None and archive.size > free:
        raise UserError(f"{folder}: {archive.file} needs {archive.size / 1e9:.1f} GB, found {free / 1e9:.1f} GB free")
