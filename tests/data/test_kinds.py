"""Each dataset, from an archive in the layout of the original to its index."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

import miniatures
from miniatures import archive, source, tgz, zipped
from robust_dml.config.data import DatasetConfig
from robust_dml.data.datasets.sop import CATEGORIES
from robust_dml.data.index.build import build_index
from robust_dml.data.index.file import Index, read_index
from robust_dml.runtime.errors import UserError


def config(kind: str, **keys: object) -> DatasetConfig:
    return DatasetConfig(kind=kind, backbone="any", **keys)  # type: ignore[arg-type]


def prepare(root: Path, kind: str, entry: dict, **contents: bytes) -> Path:
    """Put archives into the data folder and build the index from them, with no mirror to ask."""
    (root / "archives").mkdir(exist_ok=True, parents=True)
    for name, content in contents.items():
        (root / "archives" / name).write_bytes(content)
    (root / "sources.yaml").write_text(yaml.safe_dump({kind: entry}))
    return build_index(config(kind), root, root / "sources.yaml", workers=1)


def prepare_cub(root: Path, files: miniatures.Files, images: int = 12, classes: int = 4) -> Path:
    content = tgz(files)
    entry = source(images, classes, original=[archive("CUB_200_2011.tgz", content)])
    return prepare(root, "cub200", entry, **{"CUB_200_2011.tgz": content})


def prepare_cars(root: Path, layout: str) -> Path:
    images, annotations = miniatures.cars_original()
    mirror = miniatures.cars_by_class()
    contents = {"car_ims.tgz": images, "cars_annos.mat": annotations, "classes.zip": mirror}
    layouts = {"by-class": ["classes.zip"], "original": ["car_ims.tgz", "cars_annos.mat"]}
    entry = source(12, 4, **{key: [archive(f, contents[f]) for f in files] for key, files in layouts.items()})
    return prepare(root, "cars196", entry, **{file: contents[file] for file in layouts[layout]})


def test_cub(tmp_path: Path) -> None:
    index = read_index(prepare_cub(tmp_path, miniatures.cub_files()))
    assert index.labels.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert index.classes[3] == "002.Bird_C"
    assert index.paths[3] == "CUB_200_2011/images/002.Bird_C/Bird_C_0000_100.jpg"
    assert set(index.widths) == {48} and set(index.heights) == {36}
    assert index.splits["sorted"].tolist() == [True] * 6 + [False] * 6


def test_index_does_not_depend_on_the_order_of_the_archive(tmp_path: Path) -> None:
    files = miniatures.cub_files()
    indices = [
        prepare_cub(tmp_path / str(i), dict(sorted(files.items(), reverse=bool(i)))).read_bytes() for i in range(2)
    ]
    assert indices[0] == indices[1]


def test_both_layouts_of_cars_arrive_at_the_same_index(tmp_path: Path) -> None:
    original, by_class = (prepare_cars(tmp_path / layout, layout) for layout in ("original", "by-class"))
    assert original.read_bytes() == by_class.read_bytes()
    index = read_index(original)
    assert [index.classes[i] for i in (0, 3, 6, 9)] == miniatures.CARS
    images = {path: (original.parent / "images" / path).read_bytes() for path in index.paths}
    assert images == {path: (by_class.parent / "images" / path).read_bytes() for path in index.paths}
    expected = {hashlib.sha256(miniatures.photograph(3000 + number)).hexdigest() for number in (4, 5, 6)}
    found = {
        hashlib.sha256(images[path]).hexdigest()
        for path, label in zip(index.paths, index.labels, strict=True)
        if label == 1
    }
    assert found == expected


def test_sop(tmp_path: Path) -> None:
    content = zipped(miniatures.sop_files())
    entry = source(20, 8, original=[archive("Stanford_Online_Products.zip", content)])
    index = read_index(prepare(tmp_path, "sop", entry, **{"Stanford_Online_Products.zip": content}))
    classes = list(dict.fromkeys(index.classes))
    assert classes == [
        *("bicycle_111000000003", "bicycle_111000000030", "mug_111000000001", "mug_111000000007"),
        *("lamp_111000000002", "lamp_111000000005", "toaster_111000000011", "toaster_111000000012"),
    ]
    assert CATEGORIES.index("mug") < CATEGORIES.index("lamp")  # as the released code has them
    assert {c for c, side in zip(index.classes, index.splits["sorted"], strict=True) if side} == set(classes[:4])
    official = {c for c, side in zip(index.classes, index.splits["official"], strict=True) if side}
    assert official == {"bicycle_111000000003", "mug_111000000001", "lamp_111000000002", "toaster_111000000011"}


def visualphish_entry(pages: bytes, training: bytes) -> dict:
    return source(11, 2, original=[archive("VisualPhish.zip", pages), archive("visualphish-train.txt", training)])


def test_visualphish(tmp_path: Path) -> None:
    pages, training = zipped(miniatures.visualphish_files()), miniatures.VISUALPHISH_TRAINING
    contents = {"VisualPhish.zip": pages, "visualphish-train.txt": training}
    entry = visualphish_entry(pages, training) | {"images": 10}
    index = read_index(prepare(tmp_path, "visualphish", entry, **contents))
    assert list(dict.fromkeys(index.classes)) == ["microsoft", "paypal"]
    sides = dict(zip(index.paths, index.splits["original"], strict=True))
    assert all(side for path, side in sides.items() if "trusted_list" in path)
    phishing = {path.split("/")[-1]: side for path, side in sides.items() if "phishing" in path}
    assert {name for name, side in phishing.items() if side} == {"T0_0.png", "T2_1.png"}
    assert len(phishing) == 6


def test_visualphish_is_given_by_its_authors(tmp_path: Path) -> None:
    table = yaml.safe_load(Path("config/datasets.yaml").read_text())
    with pytest.raises(UserError, match=r"VisualPhish\.zip: not there.*github\.com/S-Abdelnabi/VisualPhishNet"):
        prepare(tmp_path, "visualphish", table["visualphish"])


def test_training_list_must_fit(tmp_path: Path) -> None:
    pages, training = zipped(miniatures.visualphish_files()), b"T0_0.png\nT9_9.png\n"
    contents = {"VisualPhish.zip": pages, "visualphish-train.txt": training}
    with pytest.raises(UserError, match=r"1 of its files are not in phishing, such as T9_9\.png"):
        prepare(tmp_path, "visualphish", visualphish_entry(pages, training), **contents)


def test_counts_are_asserted(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="12 images of 4 classes where 13 images of 5 classes belong"):
        prepare_cub(tmp_path, miniatures.cub_files(), images=13, classes=5)
    assert not (tmp_path / "cub200" / "index.csv").exists()


def test_list_without_its_image_names_it(tmp_path: Path) -> None:
    files = miniatures.cub_files()
    gone = next(name for name in files if name.endswith(".jpg"))
    del files[gone]
    with pytest.raises(UserError, match=f"1 of 12 images cannot be used: .*{gone}"):
        prepare_cub(tmp_path, files)


def test_missing_list_names_it(tmp_path: Path) -> None:
    files = {name: content for name, content in miniatures.cub_files().items() if not name.endswith("/images.txt")}
    with pytest.raises(UserError, match=r"not laid out as cub200 is.*images\.txt"):
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


def test_digits(tmp_path: Path) -> None:
    index = read_index(build_index(config("digits"), tmp_path, Path(), workers=1))
    assert len(index) == 1797 and set(index.labels) == set(range(10))
    assert index.classes[0] == "0" and (index.widths[0], index.heights[0]) == (8, 8)
    from sklearn.datasets import load_digits

    digits = load_digits()
    position = int(np.flatnonzero(digits.target == 7)[0])
    pixels = np.asarray(Image.open(tmp_path / "digits" / "images" / "7" / f"{position:04d}.png"))
    np.testing.assert_allclose(pixels[..., 0] / 255, digits.images[position] / 16, atol=0.5 / 255)


def test_gaussians(tmp_path: Path) -> None:
    settings = config("gaussians", images_per_class=8, pixels=64, split="samples-1")
    path = build_index(settings, tmp_path, Path(), workers=1)
    index = read_index(path)
    assert index.labels.tolist() == [0] * 8 + [1] * 8
    for name, mean in (("a", 0.25), ("b", 0.75)):
        files = sorted((path.parent / "images" / name).iterdir())
        pixels = np.stack([np.asarray(Image.open(file)) for file in files]) / 255
        assert abs(pixels.mean() - mean) < 1e-3 and abs(pixels.std() - 0.025) < 1e-3
        assert abs(np.corrcoef(pixels[0].ravel(), pixels[1].ravel())[0, 1]) < 0.05


def test_textures(tmp_path: Path) -> None:
    settings = config("textures", classes=6, images=20, pixels=32)
    path = build_index(settings, tmp_path, Path(), workers=1)
    index = read_index(path)
    assert np.bincount(index.labels).tolist() == [4, 4, 3, 3, 3, 3]
    assert len(set(index.checksums.tolist())) == 20
    again = build_index(settings, tmp_path / "again", Path(), workers=1)
    assert again.read_bytes() == path.read_bytes()


def test_textures_of_a_class_look_alike(tmp_path: Path) -> None:
    from robust_dml.data.datasets.textures import texture

    def spectrum(label: int, number: int) -> np.ndarray:
        return np.abs(np.fft.fft2(texture(label, number, 64).mean(axis=2)))[:12, :12].ravel()[1:]

    same = [np.corrcoef(spectrum(label, 0), spectrum(label, 1))[0, 1] for label in range(0, 200, 10)]
    other = [np.corrcoef(spectrum(label, 0), spectrum(label + 10, 1))[0, 1] for label in range(0, 200, 10)]
    assert np.mean(same) > np.mean(other) + 0.1


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
    with pytest.raises(UserError, match="at least two classes"):
        folder_index(tmp_path)


def test_all_damaged_images_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = miniatures.write_class_folders(tmp_path / "own", classes=2, images=8)
    for number in range(7):
        file = own / "class-1" / f"{number}.jpg"
        file.write_bytes(file.read_bytes()[: 100 + 50 * number])
    with pytest.raises(UserError, match="7 of 16 images cannot be used") as raised:
        folder_index(tmp_path)
    told = str(raised.value) + capsys.readouterr().err
    assert all(f"class-1/{number}.jpg" in told for number in range(7))
    assert not list(tmp_path.glob("folder-*/index.csv"))
