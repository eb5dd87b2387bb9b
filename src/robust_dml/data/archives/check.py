"""Check that an archive is the one that the table of sources describes."""

from __future__ import annotations

from pathlib import Path

from robust_dml.data.archives.sources import Archive
from robust_dml.runtime.errors import UserError


def archive_mistake(path: Path, archive: Archive) -> str | None:
    """Return the mistake of the file at `path`, with expected and found size or hash; None if it is right."""
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
    """Raise UserError, with expected and found hash or size, if an archive is absent or wrong."""
    if not path.exists():
        raise UserError(f"{path}: not there; run `robust-dml download` or `snakemake data`{_hint(archive)}")
    mistake = archive_mistake(path, archive)
    if mistake:
        raise UserError(
            f"{path}: not the archive of the table: {mistake}; delete it to download it again{_hint(archive)}"
        )


def fingerprint(path: Path) -> str:
    """Return the SHA-256 of an archive, which is recorded beside the images unpacked from it."""
    import pooch

    found: str = pooch.file_hash(str(path), alg="sha256")
    return found


def _hint(archive: Archive) -> str:
    return f"; {archive.ask}" if archive.ask else ""
