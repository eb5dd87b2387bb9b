"""The recipes of docs/training.md train."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import robust_dml.training.methods as methods_package
from robust_dml.config import Run, load_study
from robust_dml.records import BACKBONES, METHODS
from robust_dml.registry import find_modules_in
from robust_dml.training import train
from training.conftest import MakeStudy

TEXT = (Path(__file__).parents[2] / "docs" / "training.md").read_text(encoding="utf-8")
BESIDE = ("my_methods", "my_losses", "my_miners", "my_networks")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, flags=re.MULTILINE | re.DOTALL)


def sections() -> dict[str, Any]:
    """All settings that the page shows, together; of two values of a key the last."""
    found: dict[str, Any] = {}
    for block in blocks("yaml"):
        for section, content in yaml.safe_load(block).items():
            found[section] = content if section == "miner" else {**found.get(section, {}), **content}
    return found


@pytest.fixture
def recipes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The files of the page: those beside the study, and the new entry of the package."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    for block in blocks("python"):
        name = re.match(r"# (\S+\.py)", block)
        assert name is not None, block
        (tmp_path / Path(name[1]).name).write_text(block, encoding="utf-8")
    monkeypatch.setattr(methods_package, "__path__", [*methods_package.__path__, str(tmp_path)])
    monkeypatch.setitem(METHODS.__dict__, "names", [*METHODS.names, "steady"])
    find_modules_in(tmp_path)
    yield
    for module in (*BESIDE, "robust_dml.training.methods.steady"):
        sys.modules.pop(module, None)


@pytest.mark.usefixtures("recipes")
def test_the_recipes_train(make_study: MakeStudy) -> None:
    study = load_study(make_study(**sections(), datasets={"digits": digits("small")}))
    assert study.miner.kind == "my_miners:EachPair" and study.backbones["small"].kind == "my_networks:two_layers"
    for loss, training in (("soft-triplet", "mixed"), ("multi-similarity", "steady")):
        run = Run("digits", loss, training, 0)
        train(study, run)
        assert (Path("results/tiny/models") / run.path / "model.safetensors").exists()
    assert set(BESIDE) <= set(sys.modules)


def digits(backbone: str) -> dict[str, Any]:
    transform = {"size": 8, "resize": 8, "flip": 0.0}
    return {"kind": "digits", "transform": transform, "validation": 0.4, "backbone": backbone}


def test_every_method_and_backbone_is_on_the_page() -> None:
    for name in METHODS.names:
        assert f"| `{name}` |" in TEXT
    for name in BACKBONES.names:
        assert f"`{name}" in TEXT


def test_every_file_that_the_page_names_exists() -> None:
    for name in re.findall(r"`((?:src|tests|benchmarks)/[\w/.]+)`", TEXT):
        assert (Path(__file__).parents[2] / name).exists(), name
