"""The README: its commands exist, its table names every kind that a study can name, its figures are the demo's."""

from __future__ import annotations

import csv
import re
import subprocess
import sys

import pytest

from checkout import ROOT
from repository import environment
from robust_dml.records import CHECKS, REGISTRIES, THREATS

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
KINDS = dict(re.findall(r"^\| `([a-z]+)` \| `([\w/]+)/` \|", TEXT, flags=re.MULTILINE))


def test_table_has_every_kind_and_its_folder() -> None:
    extended = [registry for registry in REGISTRIES if registry not in (CHECKS, THREATS)]
    folders = {registry.what: registry.package.removeprefix("robust_dml.").replace(".", "/") for registry in extended}
    assert folders == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_list_prints_the_names_of_a_kind(kind: str) -> None:
    registry = next(registry for registry in REGISTRIES if registry.what == kind)
    command = [sys.executable, "-m", "robust_dml", "list", kind]
    ended = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert set(registry.names) <= set(ended.stdout.split())


@pytest.mark.parametrize("command", ["plan", "status"])
def test_commands_of_the_papers_study(command: str) -> None:
    assert f".venv/bin/robust-dml {command} config/paper.yaml" in TEXT
    words = [sys.executable, "-m", "robust_dml", command, "config/paper.yaml"]
    ended = subprocess.run(words, cwd=ROOT, env=environment(), capture_output=True, text=True)
    assert ended.returncode == 0 and ended.stdout, ended.stderr


@pytest.mark.parametrize("target", ["demo", "test"])
def test_make_targets_run_what_they_say(target: str) -> None:
    assert re.search(rf"^make {target} ", TEXT, flags=re.MULTILINE)
    ended = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True)
    expected = {"demo": "robust-dml run config/demo.yaml", "test": "pytest"}[target]
    assert ended.returncode == 0 and expected in ended.stdout, ended.stderr


def test_figures_are_those_of_the_demo() -> None:
    with (ROOT / "records/demo/tables/summary.csv").open(encoding="utf-8", newline="") as stream:
        lines = [line for line in csv.DictReader(stream) if line["dataset"] == "digits"]
    printed = re.findall(r"^\| (contrastive|triplet) \| (.*) \|$", TEXT, flags=re.MULTILINE)
    assert len(printed) == len(lines) == 4
    for (loss, row), line in zip(printed, lines, strict=True):
        training, clean, pgd, _, worst_case = row.split(" | ")
        assert (loss, training) == (line["loss"], line["training"])
        assert [clean, pgd, worst_case] == [shown(line, name) for name in ("clean", "pgd-0.1", "worst-case-0.1")]


def shown(line: dict[str, str], result: str) -> str:
    """Recall@1 under one attack, as the README prints it."""
    mean, spread = line[f"{result} recall@1"], line[f"{result} recall@1 spread"]
    return f"{float(mean):.1f} ± {float(spread):.1f}"
