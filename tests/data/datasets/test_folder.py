from __future__ import annotations

from pathlib import Path

import pytest

import miniatures
from prepared import config
from robust_dml.data.index.build import build_index
from robust_dml.data.index.file import Index, read_index
from robust_dml.data.paths import own_folders
from robust_dml.runtime.errors import UserError


def folder_index(tmp_path: Path) -> Index:
    return read_index(build_index(config("folder", folder=tmp_path / "own"), tmp_path, Path(), workers=1))


def test_own_folder(tmp_path: Path) -> None:
    own = miniatures.write_class_folders(tmp_path / "own", classes=3, images=2)
    (own / "class-1" / "notes.txt").write_text("no image")
    (own / "class-1" / ".hidden.jpg").write_bytes(b"no image")
    (own / "empty").mkdir()
    (own / "class-2" / "deeper").mkdir()
    (own / "class-2" / "deeper" / "x.PNG").write_bytes(miniatures.photograph(5, 10, 12, "PNG"))
    index = folder_index(tmp_path)
    assert index.classes == ["class-0", "class-0", "class-1", "class-1", "class-2", "class-2", "class-2"]
    assert index.paths[-1] == "class-2/deeper/x.PNG" and (index.widths[-1], index.heights[-1]) == (10, 12)


def test_own_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"own: not laid out as folder is.*see docs/datasets\.md"):
        folder_index(tmp_path)


def test_own_folder_of_one_class(tmp_path: Path) -> None:
    miniatures.write_class_folders(tmp_path / "own", classes=1)
    with pytest.raises(UserError, match="expected images of at least 2 classes, found 1"):
        folder_index(tmp_path)


def test_folders_at_any_depth_are_watched(tmp_path: Path) -> None:
    own = miniatures.write_class_folders(tmp_path / "own", classes=2)
    (own / "class-1" / "left" / "far").mkdir(parents=True)
    (own / ".cache").mkdir()
    watched = own_folders(config("folder", folder=own))
    names = ["class-0", "class-1", "class-1/left", "class-1/left/far"]
    assert watched == [own, *(own / name for name in names)]


def test_images_are_counted_before_they_are_indexed(tmp_path: Path) -> None:
    own = miniatures.write_class_folders(tmp_path / "own", classes=2, images=3)
    (own / "class-1" / "deeper").mkdir()
    (own / "class-1" / "deeper" / "x.png").write_bytes(b"")
    (own / "class-1" / "notes.txt").write_bytes(b"")
    settings = config("folder", folder=own)
    assert settings.record.count(settings.options) == 7
    absent = config("folder", folder=tmp_path / "absent")
    assert absent.record.count(absent.options) is None
