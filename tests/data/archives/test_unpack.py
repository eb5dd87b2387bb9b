"""Archives that lie, cheat or are broken."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from miniatures import tgz, zipped
from robust_dml.data.archives.unpack import unpack
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.files import filling

FILES = {"birds/a.txt": b"a" * 5000, "birds/sub/b.txt": b"b" * 10}


def tar_with(**facts: object) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        member = tarfile.TarInfo("link")
        for name, value in facts.items():
            setattr(member, name, value)
        tar.addfile(member)
    return stream.getvalue()


def zip_with_link(target: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        member = zipfile.ZipInfo("link")
        member.external_attr = 0o120777 << 16
        archive.writestr(member, target)
    return stream.getvalue()


def archive_at(folder: Path, name: str, content: bytes) -> Path:
    (folder / name).write_bytes(content)
    return folder / name


@pytest.mark.parametrize(
    ("name", "content"), [("a.tgz", tgz(FILES)), ("a.tar.gz", tgz(FILES)), ("a.zip", zipped(FILES))]
)
def test_unpacks(tmp_path: Path, name: str, content: bytes) -> None:
    unpack(archive_at(tmp_path, name, content), tmp_path / "out", 5010)
    found = {p.relative_to(tmp_path / "out").as_posix(): p.read_bytes() for p in (tmp_path / "out").rglob("*.txt")}
    assert found == FILES


def test_other_files_are_copied(tmp_path: Path) -> None:
    unpack(archive_at(tmp_path, "cars_annos.mat", b"matrix"), tmp_path / "out", 10)
    assert (tmp_path / "out" / "cars_annos.mat").read_bytes() == b"matrix"


@pytest.mark.parametrize("name", ["../evil.txt", "/tmp/evil.txt", "a/../../evil.txt", "..\\evil.txt", "C:evil.txt"])
@pytest.mark.parametrize("pack", [tgz, zipped])
def test_nothing_is_written_outside(tmp_path: Path, name: str, pack: object) -> None:
    archive = archive_at(tmp_path, f"a.{pack.__name__.replace('zipped', 'zip')}", pack({name: b"evil"}))
    with pytest.raises(UserError, match=r"a\.(tgz|zip): .*evil\.txt' lies outside"):
        unpack(archive, tmp_path / "deep" / "out", 100)
    assert not list(tmp_path.rglob("*evil*"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("symlink.tgz", tar_with(type=tarfile.SYMTYPE, linkname="/etc/passwd")),
        ("inner.tgz", tar_with(type=tarfile.SYMTYPE, linkname="birds")),
        ("hardlink.tgz", tar_with(type=tarfile.LNKTYPE, linkname="../../secret")),
        ("device.tgz", tar_with(type=tarfile.CHRTYPE, devmajor=1, devminor=3)),
        ("fifo.tgz", tar_with(type=tarfile.FIFOTYPE)),
        ("link.zip", zip_with_link("/etc/passwd")),
    ],
)
def test_links_and_devices_are_refused(tmp_path: Path, name: str, content: bytes) -> None:
    with pytest.raises(UserError, match="'link' is a link or a device"):
        unpack(archive_at(tmp_path, name, content), tmp_path / "out", 100)
    assert not (tmp_path / "out" / "link").exists()


@pytest.mark.parametrize("pack", [tgz, zipped])
def test_bomb_is_cut_off_at_the_limit(tmp_path: Path, pack: object) -> None:
    archive = archive_at(tmp_path, f"a.{pack.__name__.replace('zipped', 'zip')}", pack({"zeros": bytes(50_000_000)}))
    assert archive.stat().st_size < 100_000
    with pytest.raises(UserError, match="unpacks to more than 2000000 bytes"):
        unpack(archive, tmp_path / "out", 2_000_000)
    assert (tmp_path / "out" / "zeros").stat().st_size <= 2_000_000


def damaged(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("crc.tgz", damaged(tgz(FILES), len(tgz(FILES)) - 6)),
        ("short.tgz", tgz(FILES)[:-20]),
        ("empty.tgz", b""),
        ("page.tgz", b"<html>not an archive</html>"),
        ("crc.zip", damaged(zipped({"a": bytes(100)}), 31)),
        ("short.zip", zipped(FILES)[:-30]),
        ("page.zip", b"<html>not an archive</html>"),
    ],
)
def test_damage_is_reported(tmp_path: Path, name: str, content: bytes) -> None:
    with pytest.raises(UserError, match=rf"{name}: damaged \(.+\); delete it and download it again"):
        unpack(archive_at(tmp_path, name, content), tmp_path / "out", 10**6)


def test_file_given_twice_is_refused(tmp_path: Path) -> None:
    stream = io.BytesIO(tgz({"a": b"1"}))
    with tarfile.open(fileobj=io.BytesIO(tgz({"a": b"1"})), mode="r:gz") as once:
        member = once.getmembers()[0]
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        tar.addfile(member, io.BytesIO(b"1"))
        tar.addfile(member, io.BytesIO(b"2"))
    with pytest.raises(UserError, match="twice"):
        unpack(archive_at(tmp_path, "a.tgz", stream.getvalue()), tmp_path / "out", 10)


def test_folder_appears_complete_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "images.unfinished").mkdir()
    (tmp_path / "images.unfinished" / "left-by-a-killed-run").touch()
    with pytest.raises(UserError), filling(tmp_path / "images") as unfinished:
        assert not list(unfinished.iterdir())
        unpack(archive_at(tmp_path, "a.zip", zipped(FILES)[:-30]), unfinished, 10**6)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip"]


def test_folder_that_was_there_stays_on_error(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "old").touch()
    with pytest.raises(KeyError), filling(tmp_path / "images"):
        raise KeyError
    assert (tmp_path / "images" / "old").exists()
    with filling(tmp_path / "images") as unfinished:
        (unfinished / "new").touch()
    assert [path.name for path in (tmp_path / "images").iterdir()] == ["new"]
