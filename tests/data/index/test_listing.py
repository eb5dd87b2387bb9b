from __future__ import annotations

import os
from pathlib import Path

import pytest

import miniatures
from prepared import config
from robust_dml.data.index.listing import images_below, list_class_folders, list_images
from robust_dml.runtime.errors import UserError


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return miniatures.write_class_folders(tmp_path / "own", classes=2, images=2)


def test_classes_count_in_the_order_of_their_names(own: Path) -> None:
    (own / "Zebra").mkdir()
    (own / "Zebra" / "0.png").write_bytes(b"")
    (own / "empty").mkdir()
    listed = list_class_folders(own)
    assert [(image.path, image.label) for image in listed] == [
        *(("Zebra/0.png", 0), ("class-0/0.jpg", 1), ("class-0/1.jpg", 1)),
        *(("class-1/0.jpg", 2), ("class-1/1.jpg", 2)),
    ]


def test_what_is_no_regular_file_is_no_image(own: Path) -> None:
    os.mkfifo(own / "class-0" / "pipe.jpg")
    (own / "class-0" / "folder.jpg").mkdir()
    (own / "class-0" / "nowhere.jpg").symlink_to(own / "absent.jpg")
    assert images_below(own, own / "class-0") == ["class-0/0.jpg", "class-0/1.jpg"]


@pytest.mark.parametrize("name", [b"a\nb.jpg", b"a\rb.jpg", b"caf\xe9.jpg"])
def test_name_that_does_not_fit_in_a_line_is_refused(own: Path, name: bytes) -> None:
    (own / "class-1" / os.fsdecode(name)).write_bytes(b"")
    with pytest.raises(UserError) as raised:
        list_images(config("folder", folder=own), own)
    said = str(raised.value)
    assert ascii(f"class-1/{os.fsdecode(name)}") in said and "rename the file" in said
    assert said.isprintable()


@pytest.mark.parametrize("name", ["caf\u00e9.jpg", "a\u202fb.jpg", 'a, "b".jpg', " a .jpg"])
def test_other_names_are_welcome(own: Path, name: str) -> None:
    (own / "class-1" / name).write_bytes(b"")
    assert f"class-1/{name}" in [image.path for image in list_images(config("folder", folder=own), own)]
