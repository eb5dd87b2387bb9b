"""download, index, store and data verify, as typed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import miniatures
from faulty_server import FaultyServer, faulty_server
from miniatures import archive, source
from robust_dml.cli import main

CUB = "CUB_200_2011.tgz"


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    with faulty_server() as running:
        yield running


@pytest.fixture
def study(tmp_path: Path, server: FaultyServer) -> str:
    """A study of miniature birds and cars, and of a folder of own images."""
    birds = miniatures.tgz(miniatures.cub_files())
    images, annotations = miniatures.cars_original()
    mirror = miniatures.cars_by_class()
    served = {CUB: birds, "cars.zip": mirror, "car_ims.tgz": images, "cars_annos.mat": annotations}
    entries = {file: archive(file, content, server.serve(file, content)) for file, content in served.items()}
    layouts = {"by-class": [entries["cars.zip"]], "original": [entries["car_ims.tgz"], entries["cars_annos.mat"]]}
    table = {"cub200": source(12, 4, original=[entries[CUB]]), "cars196": source(12, 4, **layouts)}
    (tmp_path / "sources.yaml").write_text(yaml.safe_dump(table))
    miniatures.write_class_folders(tmp_path / "own")
    small = {"transform": {"size": 16, "resize": 20, "train_side": 24}, "backbone": "tiny"}
    content = {
        "name": "mini",
        "device": "cpu",
        "sources": str(tmp_path / "sources.yaml"),
        "data_root": str(tmp_path / "data"),
        "datasets": {
            "birds": {"kind": "cub200", **small},
            "birds-again": {"kind": "cub200", "split": "random-1", **small},
            "cars": {"kind": "cars196", **small},
            "own": {"kind": "folder", "folder": str(tmp_path / "own"), **small},
        },
        "backbones": {"tiny": {"kind": "convnet"}},
        "losses": {"triplet": {"kind": "triplet"}},
        "trainings": {"natural": {"method": "natural"}},
        "attacks": {},
    }
    (tmp_path / "mini.yaml").write_text(yaml.safe_dump(content))
    return str(tmp_path / "mini.yaml")


def archives(study: str) -> set[str]:
    return {path.name for path in (Path(study).parent / "data" / "archives").iterdir()}


def test_download_fetches_each_archive_once(study: str, server: FaultyServer) -> None:
    assert main(["download", study]) == 0
    assert archives(study) == {CUB, "cars.zip"}
    assert [path for path, _ in server.requests] == [f"/{CUB}", "/cars.zip"]
    assert main(["download", study]) == 0
    assert len(server.requests) == 2


def test_download_of_one_dataset_or_archive(study: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["download", study, "--dataset", "own"]) == 0
    assert main(["download", study, "--dataset", "birds"]) == 0
    assert archives(study) == {CUB}
    assert main(["download", study, "--archive", "cars_annos.mat"]) == 0
    assert archives(study) == {CUB, "cars_annos.mat"}
    assert main(["download", study, "--archive", "cars_anno.mat"]) == 1
    assert "no archive cars_anno.mat for the datasets of" in capsys.readouterr().err
    assert main(["download", study, "--dataset", "bird"]) == 1
    assert "no dataset bird (did you mean birds?); it has birds, birds-again, cars, own" in capsys.readouterr().err


def test_prepare_and_verify(study: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["download", study]) == 0
    for name in ("birds", "cars", "own"):
        assert main(["index", study, "--dataset", name]) == 0
        assert main(["store", study, "--dataset", name, "--workers", "1"]) == 0
    capsys.readouterr()
    assert main(["data", "verify", study]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4 and all("12 images of 4 classes as indexed, and as packed" in line for line in lines)


def test_index_without_its_archive_says_what_to_run(study: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["index", study, "--dataset", "birds"]) == 1
    assert f"{CUB}: not there; run `robust-dml download` or `snakemake data`" in capsys.readouterr().err


def test_planned_settings_must_be_the_present_ones(study: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["index", study, "--dataset", "own", "--settings", "0" * 16]) == 1
    assert "changed since the workflow was planned" in capsys.readouterr().err
