"""The recipes of docs/datasets.md work, and its table names every kind."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml

from checkout import ROOT
from miniatures import write_csv
from robust_dml.config.data import DatasetConfig
from robust_dml.data import open_dataset
from robust_dml.data.index.build import build_index
from robust_dml.data.store.build import build_store
from robust_dml.records import DATASETS
from robust_dml.retrieval import Items
from robust_dml.retrieval.ignored import ignored

TEXT = (ROOT / "docs" / "datasets.md").read_text(encoding="utf-8")

PREPARE = """
import sys, yaml
from pathlib import Path
from robust_dml.config.data import DatasetConfig
from robust_dml.data.index.build import build_index
from robust_dml.data.index.file import read_index
from robust_dml.registry import find_modules_in

find_modules_in(Path("config"))
(config,) = [DatasetConfig(**keys) for keys in yaml.safe_load(sys.stdin)["datasets"].values()]
index = read_index(build_index(config, Path("data"), Path("absent.yaml"), workers=1))
assert config.record.count(config.options) in (None, len(index))
print(len(index), *sorted(set(index.classes)))
"""


def block(after: str, language: str) -> str:
    """The first block of a language that follows some words."""
    found = re.search(rf"^```{language}\n(.*?)^```", TEXT.split(after, 1)[1], flags=re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def prepare(folder: Path, recipe: str) -> list[str]:
    """Follow a recipe in a copy of the package; the number of images and the classes of the index."""
    package = folder / "src" / "robust_dml"
    shutil.copytree(ROOT / "src" / "robust_dml", package, ignore=shutil.ignore_patterns("__pycache__"))
    code = block(recipe, "python")
    file = folder / code.splitlines()[0].removeprefix("# ")
    file.parent.mkdir(exist_ok=True)
    file.write_text(code)
    path = os.pathsep.join([str(folder / "src"), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-c", PREPARE]
    environment = {**os.environ, "PYTHONPATH": path}
    ended = subprocess.run(
        command, cwd=folder, env=environment, input=block(recipe, "yaml"), capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.split()


def test_kind_of_one_study(tmp_path: Path) -> None:
    assert prepare(tmp_path, "**For one study**") == ["60", *(f"size-{label}" for label in range(6))]


def test_kind_for_everybody(tmp_path: Path) -> None:
    assert prepare(tmp_path, "**For everybody**") == ["72", *(f"{width:02d}" for width in range(1, 7))]


def test_list_of_queries_and_gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    after = "## Queries, gallery and distractors of your own"
    monkeypatch.chdir(tmp_path)
    rows = block(after, "csv").splitlines()
    Path("lists").mkdir()
    write_csv(Path("photos"), rows[1:], rows[0]).rename("lists/people.csv")
    (keys,) = yaml.safe_load(block(after, "yaml"))["datasets"].values()
    settings = DatasetConfig(**keys)
    build_index(settings, Path("data"), Path("absent.yaml"), workers=1)
    build_store(settings, Path("data"), workers=1)
    dataset = open_dataset(settings, Path("data"))
    queries, gallery = dataset.queries_and_gallery()
    assert [dataset.index.paths[i][-5] for i in queries.ids] == ["1", "4", "6"]
    assert [dataset.index.paths[i][-5] for i in gallery.ids] == ["2", "3", "4", "5", "6", "7"]
    items = [Items.of(torch.zeros(len(part), 1), part) for part in (queries, gallery)]
    shown = {"1": "34567", "4": "2367", "6": "2347"}  # 2 is of the camera of 1; 5 is of the walk of 4, the camera of 6
    for row, query in zip(~ignored(*items), "146", strict=True):
        assert "".join(name for name, competes in zip("234567", row, strict=True) if competes) == shown[query]


def test_table_has_every_kind_with_its_options_and_splits() -> None:
    rows = {row[0].strip(" `"): row for row in (line.split("|")[1:] for line in TEXT.splitlines() if "| `" in line)}
    for name in DATASETS.names:
        record = DATASETS.load(name)
        assert set(re.findall("`([a-z_]+)`", rows[name][3])) == set(record.options.model_fields)
        assert set(re.findall("`([a-z_]+)`", rows[name][4])) == set(record.splits)
