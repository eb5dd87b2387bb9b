"""Names are files; a wrong name is one line; MODULE:NAME takes a record or a plain function of one's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib import invalidate_caches
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from robust_dml.records import (
    BACKBONES,
    CHECKS,
    DATASETS,
    LOSSES,
    METHODS,
    METRICS,
    MINERS,
    OBJECTIVES,
    OPTIMISERS,
    REGISTRIES,
)
from robust_dml.registry import Registry, find_modules_in
from robust_dml.runtime.errors import UserError

SOURCES = Path(__file__).parents[1] / "src"
OWN = '''
"""A user's own things."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from robust_dml.records import Objective

if TYPE_CHECKING:
    from torch import Tensor

RECORD = Objective(label="own", summary="a record", build=lambda queries, gallery: None)
NUMBER = 3


def attack(problem, *, steps: int = 2, shift: float = 0.0) -> Tensor:
    """Move every pixel.

    More words.
    """
    return problem.images + shift * steps


def objective(queries, gallery):
    return lambda embeddings: embeddings[:, 0]


def loss(scale: float = 2.0):
    """A multiple of the mean."""
    return lambda embeddings, labels, triplets: scale * embeddings.mean()


class Miner:
    """The first three as one triplet."""

    def __init__(self, first: int = 0) -> None:
        self.first = first

    def __call__(self, embeddings, labels, generator):
        return torch.tensor([[self.first], [1], [2]])


def method(step, weight: float = 1.0):
    """A method."""
    return weight * step


def metric(ranking):
    """The share of misses."""
    return 1 - ranking.hits[:, 0].double()


def network(embedding: int):
    """A flat network."""
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(12, embedding))


def images(folder, *, classes: int = 2):
    """Images of one colour."""
    for number in range(classes):
        (folder / str(number)).mkdir()
'''


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module beside the study."""
    (tmp_path / "own_things.py").write_text(OWN)
    (tmp_path / "own_broken.py").write_text("import\n    nothing at all")
    (tmp_path / "own_raising.py").write_text("raise RuntimeError('two\\nlines')")
    monkeypatch.setattr(sys, "path", list(sys.path))
    find_modules_in(tmp_path)
    invalidate_caches()
    for name in ("own_things", "own_broken", "own_raising"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda registry: registry.what)
def test_names_are_the_files_that_assign_an_entry(registry: Registry[Any]) -> None:
    folder = SOURCES.joinpath(*registry.package.split("."))
    entries = [file for file in folder.glob("*.py") if "\nENTRY = " in f"\n{file.read_text()}"]
    assert registry.names == sorted(file.stem.replace("_", "-") for file in entries) != []
    for name in registry.names:
        record = registry.load(name)
        assert isinstance(record, registry.record)
        assert registry.module(name) == f"{registry.package}.{name.replace('-', '_')}"
        assert getattr(record, "summary", "") or record.title
        assert "\n" not in getattr(record, "summary", "")


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda registry: registry.what)
def test_a_wrong_name_is_one_line_that_lists_the_known(registry: Registry[Any]) -> None:
    with pytest.raises(UserError) as error:
        registry.load("zzzz")
    assert str(error.value) == (
        f"no such {registry.what}: zzzz; known are {', '.join(registry.names)}, and MODULE:NAME of your own"
    )


def test_a_near_name_is_hinted_at() -> None:
    for registry, wrong, meant in (
        (OPTIMISERS, "carlini-wagnr", "carlini-wagner"),
        (LOSSES, "contrastiv", "contrastive"),
        (METRICS, "map@r", "map-at-r"),
        (DATASETS, "cub", "cub200"),
    ):
        with pytest.raises(UserError, match=rf"\(did you mean {meant}\?\)"):
            registry.load(wrong)


def test_a_file_name_is_no_name() -> None:
    with pytest.raises(UserError, match=r"no such optimiser: r_fgsm \(did you mean r-fgsm\?\)"):
        OPTIMISERS.load("r_fgsm")


def test_a_new_file_is_a_new_name_and_a_helper_is_none(tmp_path: Path) -> None:
    shutil.copytree(SOURCES / "robust_dml", tmp_path / "robust_dml", ignore=shutil.ignore_patterns("__pycache__"))
    folder = tmp_path / "robust_dml/evaluation/objectives"
    shutil.copy(folder / "margin.py", folder / "new_margin.py")
    (folder / "helper.py").write_text("VALUE = 3\n")
    code = "from robust_dml.records import OBJECTIVES as found; print(*found.names, found.load('new-margin').label)"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    out = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert out.stdout.split() == [*sorted([*OBJECTIVES.names, "new-margin"]), "margin"]


def test_a_record_of_ones_own() -> None:
    record = OBJECTIVES.load("own_things:RECORD")
    assert (record.label, record.summary) == ("own", "a record")
    assert OBJECTIVES.module("own_things:RECORD") == "own_things"


def test_a_plain_function_as_optimiser() -> None:
    record = OPTIMISERS.load("own_things:attack")
    assert (record.label, record.summary) == ("own_things:attack", "Move every pixel.")
    assert (record.options().steps, record.options().shift) == (2, 0.0)  # type: ignore[attr-defined]
    assert record.attack is not None
    problem: Any = SimpleNamespace(images=1.0)
    assert record.attack(problem, record.options(steps=3, shift=0.5)) == 2.5
    assert (record.steps(record.options(steps=3)), record.passes(record.options(steps=3))) == (3, 7)


def test_a_plain_function_as_objective_loss_method_and_metric() -> None:
    import torch

    embeddings = torch.arange(6.0).view(3, 2)
    nothing: Any = None
    objective: Any = OBJECTIVES.load("own_things:objective").build(nothing, nothing)
    assert objective(embeddings).tolist() == [0, 2, 4]
    loss = LOSSES.load("own_things:loss")
    value: Any = loss.build(loss.options(scale=3))(embeddings, nothing, nothing)
    assert (value.item(), loss.summary) == (7.5, "A multiple of the mean.")
    method = METHODS.load("own_things:method")
    given: Any = 2.0
    assert method.build(method.options(weight=4)).loss(given) == 8
    assert (method.family, method.attacks) == ("rival", True)
    metric = METRICS.load("own_things:metric")
    ranking: Any = SimpleNamespace(hits=torch.tensor([[True], [False]]))
    assert metric.of_ranking is not None
    assert {name: v.tolist() for name, v in metric.of_ranking(ranking).items()} == {"metric": [0, 1]}
    assert dict(metric.labels) == {"metric": "metric"}


def test_a_plain_class_as_miner_and_functions_as_backbone_and_dataset(tmp_path: Path) -> None:
    miner = MINERS.load("own_things:Miner")
    nothing: Any = None
    assert miner.build(miner.options(first=7))(nothing, nothing, nothing).tolist() == [[7], [1], [2]]  # type: ignore[attr-defined]
    backbone = BACKBONES.load("own_things:network")
    config: Any = SimpleNamespace(embedding=5)
    assert backbone.build(config)[1].out_features == 5  # type: ignore[index]
    kind = DATASETS.load("own_things:images")
    assert (kind.origin, kind.generate is not None) == ("generated", True)
    folder = tmp_path / "made"
    folder.mkdir()
    assert kind.generate is not None
    kind.generate(folder, kind.options(classes=3), 1)
    assert sorted(path.name for path in folder.iterdir()) == ["0", "1", "2"]


@pytest.mark.parametrize(
    ("registry", "name", "message"),
    [
        (
            OPTIMISERS,
            "no_such_module:attack",
            "cannot be imported (ModuleNotFoundError: No module named 'no_such_module')",
        ),
        (
            OPTIMISERS,
            "own_things:attak",
            "cannot be imported (AttributeError: module 'own_things' has no attribute 'attak')",
        ),
        (OPTIMISERS, "own_things:NUMBER", "expected a Optimiser, found int"),
        (OPTIMISERS, "own_broken:attack", "cannot be imported (SyntaxError: invalid syntax"),
        (LOSSES, "own_raising:loss", "cannot be imported (RuntimeError: two lines)"),
        (CHECKS, "own_things:metric", "expected a Check, found function"),
        (METRICS, ":metric", "cannot be imported (ValueError: Empty module name)"),
    ],
)
def test_a_broken_module_is_one_line(registry: Registry[Any], name: str, message: str) -> None:
    with pytest.raises(UserError) as error:
        registry.load(name)
    assert str(error.value).startswith(f"{registry.what} {name}: ") and message in str(error.value)
    assert "\n" not in str(error.value)


def test_an_unknown_option_of_ones_own_function_is_refused() -> None:
    from pydantic import ValidationError

    from robust_dml.config.attacks import AttackConfig

    with pytest.raises(ValidationError, match="speed: unknown key; own_things:attack has the options steps, shift"):
        AttackConfig(optimiser="own_things:attack", epsilon=[0.1], speed=3)  # type: ignore[call-arg]
    found = AttackConfig(optimiser="own_things:attack", epsilon=[0.1], steps=5)  # type: ignore[call-arg]
    assert (found.options.steps, found.steps) == (5, 5)


def test_folders_are_searched_last_and_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", ["first"])
    find_modules_in(tmp_path, tmp_path)
    assert sys.path == ["first", str(tmp_path.resolve())]
