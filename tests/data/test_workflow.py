"""The paper's study, its data rules from download to batch, on miniature archives from a faulty server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import miniatures
from checkout import copy_checkout, run_snakemake
from faulty_server import FaultyServer, faulty_server
from miniatures import archive, source
from robust_dml.config import load_study
from robust_dml.data import open_dataset
from robust_dml.data.loading.batches import train_batches

CUB, CARS, SOP = "CUB_200_2011.tgz", "cars.zip", "Stanford_Online_Products.zip"


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    with faulty_server() as running:
        yield running


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose paper study reads miniatures.yaml, on the CPU and at the paper's image size."""
    folder = copy_checkout(tmp_path)
    file = folder / "config" / "paper.yaml"
    study = yaml.safe_load(file.read_text()) | {"device": "cpu", "sources": "config/miniatures.yaml"}
    del study["datasets"]["gaussians"]  # drawn, not downloaded
    file.write_text(yaml.safe_dump(study, sort_keys=False))
    return folder


def write_sources(checkout: Path, contents: dict[str, bytes], mirrors: dict[str, list[str]]) -> None:
    counts = {CUB: (12, 4), CARS: (12, 4), SOP: (20, 8)}
    table = {
        kind: source(*counts[file], original=[archive(file, contents[file], *mirrors[file])])
        for kind, file in (("cub200", CUB), ("cars196", CARS), ("sop", SOP))
    }
    (checkout / "config" / "miniatures.yaml").write_text(yaml.safe_dump(table))


def contents() -> dict[str, bytes]:
    return {
        CUB: miniatures.tgz(miniatures.cub_files()),
        CARS: miniatures.cars_by_class(),
        SOP: miniatures.zipped(miniatures.sop_files()),
    }


def files_below(folder: Path) -> set[str]:
    """All below a folder, but images."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if "/images/" not in path.as_posix()}


@pytest.mark.slow
def test_from_download_to_batch(server: FaultyServer, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = contents()
    mirrors = {
        CUB: [server.serve(CUB, files[CUB], "cut")],
        CARS: [server.serve("gone", b"", "404", forever=True), server.serve(CARS, files[CARS])],
        SOP: [server.serve("drive", files[SOP], "page", forever=True), server.serve(SOP, files[SOP], "503")],
    }
    write_sources(checkout, files, mirrors)
    run = run_snakemake(checkout, "data", study="paper")
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.count("Nobody, 2021") + run.stderr.count("Nobody, 2021") == 3  # once per dataset
    store = "crop-224-256-train-256"
    names = {f"{store}/{name}" for name in ("store.json", "test.uint8", "train.uint8")} | {store, "index.csv", "images"}
    kinds = ("cub200", "cars196", "sop")
    expected = set(kinds) | {f"{kind}/{name}" for kind in kinds for name in names}
    assert files_below(checkout / "data") == expected | {"archives"} | {f"archives/{file}" for file in files}
    again = run_snakemake(checkout, "data", study="paper")
    assert "Nothing to be done" in again.stdout + again.stderr

    monkeypatch.chdir(checkout)
    study = load_study(Path("config/paper.yaml"))
    for name, images in (("cub200", 12), ("cars196", 12), ("sop", 20)):
        dataset = open_dataset(study.datasets[name], study.data_root)
        train, test = dataset.part("train"), dataset.part("test")
        assert len(train) + len(test) == images
        batch = next(iter(train_batches(train, classes=2, samples=2, seed=0, epoch=0)))
        assert batch.images.shape == (4, 3, 224, 224) and test.test_images([0]).shape == (1, 3, 224, 224)


@pytest.mark.slow
def test_hopeless_mirrors_end_in_one_clear_line_each(server: FaultyServer, checkout: Path) -> None:
    files = contents()
    urls = {file: server.serve(file, files[file], fault, forever=True) for file, fault in FAULTS.items()}
    write_sources(checkout, files, {file: [url] for file, url in urls.items()})
    run = run_snakemake(checkout, "data", "--keep-going", "--retries", "0", study="paper")
    assert run.returncode != 0
    for file, said in {CUB: "404 Not Found", CARS: "expected sha256", SOP: "Quota exceeded"}.items():
        log = (checkout / "logs" / "paper" / "download_archive" / f"{file}.log").read_text()
        error = log.splitlines()[-1]
        assert error.startswith("robust-dml: error:") and urls[file] in error and said in error
    assert files_below(checkout / "data") <= {"archives"}


FAULTS = {CUB: "404", CARS: "wrong", SOP: "page"}


@pytest.mark.slow
def test_damaged_image_stops_the_index_and_nothing_is_packed(server: FaultyServer, checkout: Path) -> None:
    files = contents()
    birds = miniatures.cub_files()
    victim = next(name for name in birds if name.endswith(".jpg"))
    files[CUB] = miniatures.tgz(birds | {victim: birds[victim][:300]})
    write_sources(checkout, files, {file: [server.serve(file, content)] for file, content in files.items()})
    target = "data/cub200/crop-224-256-train-256/store.json"
    run = run_snakemake(checkout, target, study="paper")
    assert run.returncode != 0
    error = (checkout / "logs/paper/build_index/cub200.log").read_text().splitlines()[-1]
    assert error.startswith("robust-dml: error: 1 of 12 images cannot be used:") and victim in error
    assert files_below(checkout / "data" / "cub200") == {"images"}
