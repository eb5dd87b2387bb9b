"""`robust-dml new`: a study fitted to a folder of images, which runs as it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from miniatures import write_class_folders
from robust_dml.cli.main import main
from robust_dml.config import Run, load_study
from robust_dml.config.resolve import runs
from robust_dml.planning.starter import SPLIT, Survey, survey


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


def write_images(folder: Path, counts: list[int], side: int, contrast: float = 0.2) -> Path:
    """One sub-folder per count with so many images, whose pixels are `contrast` above or below the mean."""
    pixels = np.full((side, side + 4, 3), 255 * (0.5 - contrast), dtype=np.uint8)
    pixels[:, ::2] = 255 * (0.5 + contrast)
    for label, count in enumerate(counts):
        (folder / f"class-{label:02d}").mkdir(parents=True)
        for number in range(count):
            Image.fromarray(pixels).save(folder / f"class-{label:02d}" / f"{number}.png")
    return folder


def test_a_survey_says_what_the_images_are_like(tmp_path: Path) -> None:
    found = survey(write_images(tmp_path / "images", [5] * 6, side=40))
    assert (found.classes, found.images, found.short_side, found.size) == (6, 30, 40, 32)
    assert (found.classes_per_batch, found.samples_per_class) == (3, 5)  # half of the classes train
    assert found.contrast == pytest.approx(0.2, abs=0.005)
    assert found.epsilon == 8  # 15 % of 0.2 is 7.65 / 255


@pytest.mark.parametrize(("short_side", "size"), [(5, 8), (8, 8), (31, 16), (64, 64), (3000, 64)])
def test_images_are_seen_at_the_largest_size_that_enlarges_few(short_side: int, size: int) -> None:
    found = Survey(4, 8, 2, 2, short_side, 0.2)
    assert found.size == size
    assert size // 2 ** len(found.widths) in (2, 4)


def test_a_batch_is_one_that_the_classes_can_fill(tmp_path: Path) -> None:
    """Of the classes that train, half or more have as many images as a batch takes of a class."""
    counts = [1, 2, 3, 4, 9, 20, 20, 3, 2, 12]
    found = survey(write_images(tmp_path / "images", counts, side=8))
    assert 2 <= found.samples_per_class <= 8 and 2 <= found.classes_per_batch <= 5
    assert sum(count >= found.samples_per_class for count in counts) >= found.classes_per_batch


def test_the_study_runs_as_it_is(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_class_folders(folder / "photos", classes=6, images=4)
    assert main(["new", "mine", "--images", "photos"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("config/mine.yaml: 24 images of 6 classes, seen at 32 pixels\n")
    study = load_study(Path("config/mine.yaml"))
    assert study.datasets["images"].split == SPLIT
    for command in ("index", "store"):
        assert main([command, "mine", "--dataset", "images"]) == 0
    assert set(runs(study)) == {Run("images", "triplet", training, 0) for training in ("natural", "robust")}
    for run in runs(study):
        names = ["--dataset", "images", "--loss", "triplet", "--training", run.training, "--seed", "0"]
        for command in ("train", "attack", "score"):
            assert main([command, "mine", *names]) == 0
    for command in ("collect", "tables", "figures", "claims", "page"):
        assert main([command, "mine"]) == 0
    assert "robust" in Path("results/mine/tables/summary.csv").read_text()
    assert Path("results/mine/report.html").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("name", "counts", "line"),
    [
        ("mine", [], "expected a folder with one sub-folder of images per class, found no folder"),
        ("mine", [3, 3, 3], "expected at least 4 sub-folders with images, two to train on, found 3"),
        ("mine", [1, 1, 1, 1], "expected at least two images in most classes"),
        ("My Study", [3, 3, 3, 3], "My Study: expected a name of lower-case letters, digits and dashes"),
    ],
)
def test_what_cannot_be_a_study_is_one_line(
    folder: Path, name: str, counts: list[int], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_images(folder / "photos", counts, side=8)
    assert main(["new", name, "--images", "photos"]) == 1
    error = capsys.readouterr().err
    assert line in error and error.count("\n") == 1
    assert not (folder / "config").exists()


def test_a_study_that_exists_is_left_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_images(folder / "photos", [3] * 4, side=8)
    (folder / "config").mkdir()
    (folder / "config/mine.yaml").write_text("name: mine\n")
    assert main(["new", "mine", "--images", "photos"]) == 1
    assert "config/mine.yaml: there is a study of this name" in capsys.readouterr().err
    assert (folder / "config/mine.yaml").read_text() == "name: mine\n"
