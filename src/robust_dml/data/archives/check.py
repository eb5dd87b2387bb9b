"""Is an archive what the table of sources says it is?"""

from __future__ import annotations

from pathlib import Path

from robust_dml.data.archives.sources import Archive
from robust_dml.runtime.errors import UserError


def archive_mistake(path: Path, archive: Archive) -> str | None:
    """What is wrong with the file at `path`, with what was expected and what was found; None if it is right."""
    import pooch

    size = path.stat().st_size
    if archive.size is not None and size != archive.size:
        return f"expected {archive.size} bytes, found {size}"
    for algorithm in ("sha256", "md5"):
        expected = getattr(archive, algorithm)
        if expected is not None:
            found = pooch.file_hash(str(path), alg=algorithm)
            if found != expected:
                return f"expected {algorithm} {expected}, found {found} ({size} bytes)"
    return None


def require_archive(path: Path, archive: Archive) -> None:
    """Raises UserError, with expected and found hash and size, if an archive is absent or not the right one."""
    if not path.exists():
        raise UserError(f"{path}: not there; run `robust-dml download` or `snakemake data`{_hint(archive)}")
    mistake = archive_mistake(path, archive)
    if mistake:
        raise UserError(
            f"{path}: not the archive of the table: {mistake}; delete it to download it again{_hint(archive)}"
        )


def fingerprint(path: Path) -> str:
    """The SHA-256 of an archive, by which unpacked images know what they come from."""
    import pooch

    found: str = pooch.file_hash(str(path), alg="sha256")
    return found


def _hint(archive: Archive) -> str:
    return f"; {archive.ask}" if archive.ask else ""
