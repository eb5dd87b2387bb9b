"""Archives to folders, trusting nothing in them: plain files only, inside the target, up to a size."""

from __future__ import annotations

import gzip
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from robust_dml.runtime.errors import UserError
from robust_dml.runtime.progress import track

CHUNK = 1 << 20
Member = tuple[str, IO[bytes]]
DAMAGE = (tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError, RuntimeError)


def unpack(archive: Path, target: Path, limit: int) -> None:
    """Unpack a .tgz, .tar.gz or .zip into the folder `target`; any other file is copied there.

    Raises UserError if the archive is damaged (CRC), would write outside the target, holds links or devices, or
    unpacks to more than `limit` bytes. The caller removes partial output.
    """
    allowance = _Allowance(archive, limit)
    try:
        for name, stream in track(_members(archive, allowance), title=f"unpacking {archive.name}", unit="files"):
            path = target / _inside(archive, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as out:
                for chunk in allowance.chunks(stream.read):
                    out.write(chunk)
    except DAMAGE as error:
        raise UserError(f"{archive}: damaged ({ascii(str(error))[1:-1]}); delete it and download it again") from error
    except FileExistsError as error:
        raise UserError(f"{archive}: holds the file {str(error.filename)!r} twice; it cannot be trusted") from error


class _Allowance:
    """The bytes that may still be unpacked."""

    def __init__(self, archive: Path, limit: int) -> None:
        self.archive, self.limit, self.left = archive, limit, limit

    def chunks(self, read: Callable[[int], bytes]) -> Iterator[bytes]:
        while chunk := read(CHUNK):
            self.left -= len(chunk)
            if self.left < 0:
                raise UserError(f"{self.archive}: unpacks to more than {self.limit} bytes, its limit in the table")
            yield chunk


def _members(archive: Path, allowance: _Allowance) -> Iterator[Member]:
    if archive.name.endswith((".tgz", ".tar.gz")):
        yield from _tar_members(archive, allowance)
    elif archive.suffix == ".zip":
        yield from _zip_members(archive)
    else:
        with archive.open("rb") as stream:
            yield archive.name, stream


def _tar_members(archive: Path, allowance: _Allowance) -> Iterator[Member]:
    with gzip.open(archive) as stream, tarfile.open(fileobj=stream, mode="r|") as tar:
        for member in tar:
            if not (member.isreg() or member.isdir()):
                raise UserError(f"{archive}: {member.name!r} is a link or a device; it cannot be trusted")
            content = tar.extractfile(member)
            if content is not None:
                yield member.name, content
        for _ in allowance.chunks(stream.read):  # the CRC stands at the very end, behind what tar reads
            pass


def _zip_members(archive: Path) -> Iterator[Member]:
    with zipfile.ZipFile(archive) as file:
        for member in file.infolist():
            if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise UserError(f"{archive}: {member.filename!r} is a link or a device; it cannot be trusted")
            if not member.is_dir():
                with file.open(member) as content:
                    yield member.filename, content


def _inside(archive: Path, name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or not path.parts:
        raise UserError(f"{archive}: {name!r} lies outside the folder it unpacks to; it cannot be trusted")
    return path
