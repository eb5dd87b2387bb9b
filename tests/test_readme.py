"""The README: its commands exist, its table names every kind that a study can name, its figures are the demo's."""

from __future__ import annotations

import csv
import re
import runpy
import subprocess
import sys

import pytest

from checkout import ROOT
from repository import environment
from robust_dml.records import CHECKS, REGISTRIES

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
RECORD = ROOT / "records/demo"
KINDS = dict(re.findall(r"^\| `([a-z]+)` \| `([\w/]+)/` \|", TEXT, flags=re.MULTILINE))


def test_table_has_every_kind_and_its_folder() -> None:
    extended = [registry for registry in REGISTRIES if registry is not CHECKS]
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


@pytest.fixture
def shown() -> str:
    """What the terminal showed of the demo's run of record."""
    if not (RECORD / "summary.txt").exists():
        pytest.skip("no run of the demo is recorded: make record STUDY=demo")
    return (RECORD / "summary.txt").read_text(encoding="utf-8")


def test_picture_table_and_finding_are_those_of_record(shown: str) -> None:
    script = runpy.run_path(str(ROOT / "workflow/scripts/readme.py"))
    assert script["filled"](TEXT, ROOT) == TEXT and shown.strip() in TEXT
    pictures = re.findall(r"!\[.*\]\((.*)\)", TEXT)
    assert pictures and all((ROOT / picture).exists() for picture in pictures)


def test_what_the_terminal_showed_is_the_recorded_table(shown: str) -> None:
    with (RECORD / "tables/summary.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert rows
    for row in rows:
        names, clean = [row["dataset"], row["loss"], row["training"]], f"{float(row['clean recall@1']):.1f}"
        assert any(line.split()[:3] == names and clean in line for line in shown.splitlines()), names
