"""The digest of a job's code: what it computes and can reach, and nothing else."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from robust_dml.records import BACKBONES, LOSSES, METHODS, METRICS, MINERS, OPTIMISERS
from robust_dml.runtime.source_code import reachable

SOURCES = Path(__file__).parents[2] / "src"
TRAIN, ATTACK, SCORE = "robust_dml.training.loop", "robust_dml.evaluation.attack", "robust_dml.evaluation.score"
NATURAL = [TRAIN, METHODS.module("natural"), LOSSES.module("triplet"), BACKBONES.module("convnet")]
JOBS = {
    "natural training": NATURAL,
    "robust training": [TRAIN, METHODS.module("robust"), OPTIMISERS.module("pgd")],
    "pgd": [ATTACK, OPTIMISERS.module("pgd")],
    "apgd": [ATTACK, OPTIMISERS.module("apgd")],
    "square": [ATTACK, OPTIMISERS.module("square")],
    "fgsm": [ATTACK, OPTIMISERS.module("fgsm")],
    "scoring": [SCORE, METRICS.module("recall")],
}
DIGESTS = """
import json, sys
from robust_dml.runtime.source_code import code_digest
print(json.dumps({name: code_digest(*modules) for name, modules in json.loads(sys.argv[1]).items()}))
"""

Digests = Callable[[], dict[str, str]]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package that a test may edit."""
    shutil.copytree(SOURCES / "robust_dml", tmp_path / "robust_dml", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "robust_dml"


@pytest.fixture
def digests(package: Path) -> Digests:
    import json
    import os

    def read(jobs: dict[str, list[str]] = JOBS) -> dict[str, str]:
        environment = {**os.environ, "PYTHONPATH": str(package.parent), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-c", DIGESTS, json.dumps(jobs)]
        out = subprocess.run(command, env=environment, cwd=package.parent, capture_output=True, text=True, check=True)
        found: dict[str, str] = json.loads(out.stdout)
        return found

    return read


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def differing(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in before if before[name] != after[name]}


def test_comments_docstrings_and_formatting_change_nothing(package: Path, digests: Digests) -> None:
    before = digests()
    for path in package.rglob("*.py"):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
                node.body[0] = ast.Expr(ast.Constant("Other words."))
        path.write_text(f"# a comment\n\n{ast.unparse(tree)}\n\n\n# and one more\n")
    assert differing(before, digests()) == set()


def test_a_new_file_in_any_folder_changes_nothing(package: Path, digests: Digests) -> None:
    before = digests()
    for folder in [package, *(path for path in package.rglob("*") if path.is_dir())]:
        (folder / "entirely_new.py").write_text("ENTRY = 3\n")
    assert differing(before, digests()) == set()


def test_code_of_pgd_changes_what_reaches_pgd(package: Path, digests: Digests) -> None:
    before = digests()
    edit(package / "attacks/optimisers/pgd.py", "Best(images)", "Best(images + 0)")
    assert differing(before, digests()) == {"robust training", "pgd", "fgsm"}  # FGSM is PGD with one step


def test_code_of_square_changes_square_alone(package: Path, digests: Digests) -> None:
    before = digests()
    edit(package / "attacks/optimisers/square.py", "FIRST_SHARE = 0.8", "FIRST_SHARE = 0.7")
    assert differing(before, digests()) == {"square"}


def test_code_that_all_attacks_use_changes_all_attacks(package: Path, digests: Digests) -> None:
    before = digests()
    edit(package / "evaluation/batches.py", "NORM_TOLERANCE = 1e-6", "NORM_TOLERANCE = 1e-5")
    assert differing(before, digests()) == {"pgd", "apgd", "square", "fgsm"}


def test_code_of_a_metric_changes_the_scores_alone(package: Path, digests: Digests) -> None:
    before = digests()
    edit(package / "metrics/recall.py", "RANKS = (1, 2, 4, 8)", "RANKS = (1, 2, 4)")
    assert differing(before, digests()) == {"scoring"}


def test_natural_training_reaches_no_optimiser_and_attacks_reach_no_training() -> None:
    natural = reachable(NATURAL)
    assert not [name for name in natural if name.startswith("robust_dml.attacks.optimisers.")]
    assert not [name for name in natural if name.startswith("robust_dml.report")]
    square = reachable(JOBS["square"])
    others = {OPTIMISERS.module(name) for name in OPTIMISERS.names if name != "square"}
    assert not others & set(square)
    assert not [name for name in square if name.startswith(("robust_dml.training.methods.", "robust_dml.losses."))]
    assert MINERS.module("distance-weighted") not in square
    assert not [name for name in reachable(JOBS["scoring"]) if name.startswith("robust_dml.attacks.optimisers.")]


def own_package(folder: Path) -> None:
    (folder / "own_loss.py").write_text(
        "from typing import TYPE_CHECKING\nimport own_helper\nimport json\n"
        "if TYPE_CHECKING:\n    import own_types\nelse:\n    import own_else\n"
        "def loss():\n    from own_late import late\n    return late()\n"
    )
    for name in ("own_helper", "own_types", "own_else", "own_late", "own_unrelated"):
        (folder / f"{name}.py").write_text("VALUE = 1\n\n\ndef late():\n    return VALUE\n")
    edit(folder / "own_helper.py", "VALUE = 1", "from robust_dml.retrieval.items import Items\nVALUE = 1")


@pytest.mark.parametrize(
    ("file", "counts"),
    [
        ("own_loss.py", True),
        ("own_helper.py", True),
        ("own_late.py", True),
        ("own_else.py", True),
        ("own_types.py", False),
        ("own_unrelated.py", False),
        ("robust_dml/retrieval/items.py", True),
        ("robust_dml/retrieval/ranking.py", True),  # the package's __init__ imports it
        ("robust_dml/attacks/probe.py", False),
    ],
)
def test_a_module_of_ones_own_counts_with_its_neighbours(
    file: str, counts: bool, package: Path, digests: Callable[[dict[str, list[str]]], dict[str, str]]
) -> None:
    own_package(package.parent)
    jobs = {"own": ["own_loss"]}
    before = digests(jobs)
    path = package.parent / file
    path.write_text(path.read_text() + "\n\nADDED = 1\n")
    assert (digests(jobs) != before) is counts


def test_imports_in_functions_count_and_those_for_type_checkers_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_package(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    found = reachable(["own_loss"])
    assert {"own_loss", "own_helper", "own_late", "own_else", "robust_dml.retrieval.items"} <= set(found)
    assert not {"own_types", "own_unrelated", "json"} & set(found)


def test_what_is_no_module_is_nothing() -> None:
    assert reachable(["robust_dml.no_such_module", "no_such_package.at_all", ""]) == {}


def test_relative_imports_are_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "own_package" / "inner"
    folder.mkdir(parents=True)
    (tmp_path / "own_package" / "__init__.py").write_text("")
    (folder / "__init__.py").write_text("from . import first\n")
    (folder / "first.py").write_text("from ..outer import value\nfrom .second import other\n")
    (folder / "second.py").write_text("other = 1\n")
    (tmp_path / "own_package" / "outer.py").write_text("value = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    names = {name for name in reachable(["own_package.inner"]) if name.startswith("own_package")}
    inner = "own_package.inner"
    assert names == {"own_package", inner, f"{inner}.first", f"{inner}.second", "own_package.outer"}
