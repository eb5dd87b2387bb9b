from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import miniatures
from prepared import config, prepare_cub
from robust_dml.data.index.build import build_index
from robust_dml.data.index.file import read_index
from robust_dml.runtime.errors import UserError


def test_index_does_not_depend_on_the_order_of_the_archive(tmp_path: Path) -> None:
    files = miniatures.cub_files()
    indices = [
        prepare_cub(tmp_path / str(i), dict(sorted(files.items(), reverse=bool(i)))).read_bytes() for i in range(2)
    ]
    assert indices[0] == indices[1]


def test_counts_are_asserted(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="expected 13 images of 5 classes, found 12 of 4; delete the folder"):
        prepare_cub(tmp_path, miniatures.cub_files(), images=13, classes=5)
    assert not (tmp_path / "cub200" / "index.csv").exists()


def test_list_without_its_image_names_it(tmp_path: Path) -> None:
    files = miniatures.cub_files()
    gone = next(name for name in files if name.endswith(".jpg"))
    del files[gone]
    with pytest.raises(UserError, match=f"1 of 12 images cannot be used: .*{gone}"):
        prepare_cub(tmp_path, files)


def test_wrong_archive_leaves_what_was_unpacked(tmp_path: Path) -> None:
    prepare_cub(tmp_path, miniatures.cub_files())
    before = (tmp_path / "cub200" / "index.csv").read_bytes()
    (tmp_path / "archives" / "CUB_200_2011.tgz").write_bytes(b"damaged")
    with pytest.raises(
        UserError, match=r"CUB_200_2011\.tgz: not the archive of the table: expected \d+ bytes, found 7"
    ):
        build_index(config("cub200"), tmp_path, tmp_path / "sources.yaml", workers=1)
    assert (tmp_path / "cub200" / "index.csv").read_bytes() == before
    assert (tmp_path / "cub200" / "images" / "CUB_200_2011").is_dir()


def test_unpacks_once_and_again_for_another_archive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prepare_cub(tmp_path, miniatures.cub_files())
    assert "Nobody, 2021" in capsys.readouterr().err
    prepare_cub(tmp_path, miniatures.cub_files())
    assert "Nobody" not in capsys.readouterr().err
    assert len(read_index(prepare_cub(tmp_path, miniatures.cub_files(images=2), images=8))) == 8


def test_all_damaged_images_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = miniatures.write_class_folders(tmp_path / "own", classes=2, images=8)
    for number in range(7):
        file = own / "class-1" / f"{number}.jpg"
        file.write_bytes(file.read_bytes()[: 100 + 50 * number])
    with pytest.raises(UserError, match="7 of 16 images cannot be used") as raised:
        build_index(config("folder", folder=own), tmp_path, Path(), workers=1)
    told = str(raised.value) + capsys.readouterr().err
    assert all(f"class-1/{number}.jpg" in told for number in range(7))
    assert not list(tmp_path.glob("folder-*/index.csv"))


OWN = """
from PIL import Image
from striped_helper import SHADE


def stripes(folder, *, classes: int = 2, shade: int = SHADE):
    \"\"\"Stripes of one shade.\"\"\"
    for label in range(classes):
        (folder / f"stripe {label}").mkdir()
        image = Image.new("L", (8, 8))
        image.paste(shade, (label, 0, label + 1, 8))
        image.save(folder / f"stripe {label}" / "0.png")
"""


@pytest.fixture
def own_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A module of the user's and its helper, found as if they lay beside the study."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "striped_images.py").write_text(OWN)
    (tmp_path / "striped_helper.py").write_text("SHADE = 255\n")
    yield tmp_path / "striped_helper.py"
    forget_own_modules()


def forget_own_modules() -> None:
    for name in ("striped_images", "striped_helper"):
        sys.modules.pop(name, None)
    importlib.invalidate_caches()


def test_own_kind_is_generated_by_its_function_and_options(own_module: Path, tmp_path: Path) -> None:
    path = build_index(config("striped_images:stripes", classes=3), tmp_path, Path(), workers=1)
    assert path.parent.name.startswith("own-stripes-")
    assert read_index(path).classes == ["stripe 0", "stripe 1", "stripe 2"]
    with pytest.raises(ValueError, match="sides: unknown key; striped_images:stripes has the options classes, shade"):
        config("striped_images:stripes", sides=3)


def test_images_of_an_own_kind_are_made_again_when_its_module_changes(own_module: Path, tmp_path: Path) -> None:
    first = build_index(config("striped_images:stripes"), tmp_path, Path(), workers=1)
    before = read_index(first)
    own_module.write_text("SHADE = 99\n")
    forget_own_modules()
    again = build_index(config("striped_images:stripes"), tmp_path, Path(), workers=1)
    assert again.parent != first.parent
    assert (read_index(again).checksums != before.checksums).all()


def test_skipped_files_are_counted_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = miniatures.write_class_folders(tmp_path / "own", classes=2)
    for name in ("class-0/x.heic", "class-1/y.gif", "class-1/noname", "top.jpg", "class-1/.hidden"):
        (own / name).write_bytes(b"")
    build_index(config("folder", folder=own), tmp_path, Path(), workers=1)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{own}: 4 files skipped, such as class-0/x.heic: ")
    assert line.endswith("not one of .bmp, .jpeg, .jpg, .pgm, .png, .ppm, .tif, .tiff, .webp")
