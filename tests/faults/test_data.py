"""Images that are none, or of odd shapes and names: refused in one line that names them, or taken as they are."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from faults.wrong_studies import CI
from faulty_server import faulty_server
from miniatures import archive, cub_files, photograph, source, tgz, write_class_folders
from robust_dml.cli.main import main
from robust_dml.config import load_study
from robust_dml.data import open_dataset
from robust_dml.data.loading.batches import train_batches

FILE = "study.yaml"
FOLDER = Path("images")
VICTIM = FOLDER / "class-1" / "0.jpg"
TRANSFORM = {"size": 32, "resize": 36, "train_side": 36}


def write_study(**dataset: Any) -> None:
    """Write the ci study on a user's own images, with a dataset of other settings, into the working folder."""
    study = yaml.safe_load(CI.read_text())
    settings = {"backbone": "tiny", "transform": TRANSFORM, "optimisation": {"classes_per_batch": 2, **SMALL}}
    own = {"kind": "folder", "folder": str(FOLDER), **settings, **dataset}
    Path(FILE).write_text(yaml.safe_dump({**study, "datasets": {"own": own}}))


SMALL = {"samples_per_class": 2}


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study of four classes of three images, in the working folder."""
    monkeypatch.chdir(tmp_path)
    write_class_folders(FOLDER)
    write_study()
    return tmp_path


def prepared(*commands: str) -> None:
    """Run commands of the data that must succeed."""
    for command in commands or ("index", "store"):
        assert main([command, FILE, "--dataset", "own"]) == 0


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Return the one line with which a command is refused."""
    capsys.readouterr()
    assert main(list(words)) == 1
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith("robust-dml: error: ")
    return line


def as_pipe() -> None:
    VICTIM.unlink()
    os.mkfifo(VICTIM)


NO_IMAGES: dict[str, Callable[[], object]] = {
    "a page": lambda: VICTIM.write_bytes(b"<!DOCTYPE html><html><body>404 Not Found</body></html>"),
    "nothing": lambda: VICTIM.write_bytes(b""),
    "half an image": lambda: VICTIM.write_bytes(photograph(1)[:300]),
    "32-bit integers": lambda: Image.fromarray(np.full((9, 9), 70_000, dtype=np.int32)).save(VICTIM, "TIFF"),
    "32-bit floats": lambda: Image.fromarray(np.full((9, 9), 0.5, dtype=np.float32)).save(VICTIM, "TIFF"),
    "too many pixels": lambda: Image.new("1", (20_000, 20_000)).save(VICTIM, "PNG"),
}


@pytest.mark.parametrize("fault", NO_IMAGES)
def test_a_file_that_is_no_image_is_named(own: Path, capsys: pytest.CaptureFixture[str], fault: str) -> None:
    NO_IMAGES[fault]()
    line = refused(capsys, "index", FILE, "--dataset", "own")
    assert "1 of 12 images cannot be used" in line and str(VICTIM) in line
    assert not list(Path("data").rglob("index.csv"))


def test_a_pipe_with_the_name_of_an_image_is_no_image(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    as_pipe()
    prepared("index")
    assert "1 files skipped, such as class-1/0.jpg" in capsys.readouterr().err


def test_a_pipe_in_the_place_of_an_indexed_image_is_named(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prepared("index")
    as_pipe()
    assert f"{VICTIM}: not a readable image: not a regular file" in refused(capsys, "store", FILE, "--dataset", "own")


@pytest.mark.parametrize("size", [(20_000, 1), (1, 20_000), (20_000, 40), (1, 1)])
def test_images_of_odd_shapes_are_packed_and_trained_on(own: Path, size: tuple[int, int]) -> None:
    for path in (FOLDER / "class-0").iterdir():
        Image.new("RGB", size, (200, 100, 50)).save(path, "PNG")
    write_study(transform={"size": 224, "resize": 256, "train_side": 256})
    prepared()
    study = load_study(Path(FILE))
    dataset = open_dataset(study.datasets["own"], study.data_root)
    batch = next(iter(train_batches(dataset.part("train"), classes=2, samples=2, seed=0, epoch=0)))
    assert batch.images.shape == (4, 3, 224, 224)
    (pixels,) = dataset.part("train").test_images([0])
    assert pixels.shape == (3, 224, 224)
    assert pixels.flatten(1).unique(dim=1).flatten().tolist() == [200, 100, 50]


@pytest.mark.parametrize("classes", [0, 1])
def test_images_of_one_class_have_nothing_to_tell_apart(
    own: Path, capsys: pytest.CaptureFixture[str], classes: int
) -> None:
    for folder in sorted(FOLDER.iterdir())[classes:]:
        folder.rename(f"not-{folder.name}")
    assert f"expected images of at least 2 classes, found {classes}" in refused(
        capsys, "index", FILE, "--dataset", "own"
    )


@pytest.mark.parametrize("name", ["a\rb.jpg", "a\nb.jpg", os.fsdecode(b"caf\xe9.jpg")])
def test_a_name_that_fits_into_no_index_is_refused(own: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    VICTIM.rename(VICTIM.with_name(name))
    assert "expected a name in UTF-8 without line breaks; rename the file" in refused(
        capsys, "index", FILE, "--dataset", "own"
    )


def test_duplicates_across_the_split_are_reported(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Image.open(FOLDER / "class-3" / "1.jpg").save(FOLDER / "class-0" / "again.png")
    prepared()
    capsys.readouterr()
    assert main(["data", "verify", FILE]) == 0
    said = "1 test images are also training images (split sorted), such as class-0/again.png = class-3/1.jpg"
    assert said in capsys.readouterr().out


def test_an_image_that_was_changed_after_packing_is_noticed(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prepared()
    VICTIM.write_bytes(photograph(999))
    line = refused(capsys, "data", "verify", FILE)
    assert f"{VICTIM}: its pixels are not those of the index" in line


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_download_that_is_killed_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.chdir(tmp_path)
    ballast = {"CUB_200_2011/ballast": np.random.default_rng(0).bytes(3_000_000)}
    content, name = tgz(ballast | cub_files()), "CUB_200_2011.tgz"
    target, part = Path("data/archives", name), Path("data/archives", f"{name}.part")
    with faulty_server() as server:
        sources = {"cub200": source(12, 4, original=[archive(name, content, server.serve(name, content, "slow"))])}
        Path("sources.yaml").write_text(yaml.safe_dump(sources))
        write_study()
        study = yaml.safe_load(Path(FILE).read_text())
        del study["datasets"]["own"]["folder"]
        study["datasets"]["own"]["kind"] = "cub200"
        Path(FILE).write_text(yaml.safe_dump({**study, "sources": "sources.yaml"}))
        words = [sys.executable, "-m", "robust_dml", "download", FILE]
        # A shell that begins a job in the background has it ignore interrupts, and children inherit that.
        first = subprocess.Popen(
            words, stderr=subprocess.DEVNULL, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
        )
        while not (part.exists() and part.stat().st_size >= 1_000_000):
            assert first.poll() is None
            time.sleep(0.01)
        first.send_signal(number)
        assert first.wait() != 0
        assert not target.exists() and part.read_bytes() == content[: part.stat().st_size]
        assert main(["download", FILE]) == 0
        assert server.requests[-1][1] is not None  # a range: nothing is received twice
    assert target.read_bytes() == content
    assert not part.exists()
