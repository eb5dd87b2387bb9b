"""The recipes of docs/results.md: each file is written into a copy of the package, and a command finds it there."""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import robust_dml
from report.test_study_shapes import write_study

DOCUMENT = Path(__file__).parents[2] / "docs" / "results.md"


def recipe(name: str) -> str:
    """The Python file that follows the mention of its name in the document."""
    text = DOCUMENT.read_text(encoding="utf-8")
    found = re.search(rf"This is\s+`{name}`.*?```python\n(.*?)```", text, re.DOTALL)
    assert found, f"docs/results.md has no recipe {name}"
    return found[1]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package's sources, to be changed."""
    copy = tmp_path / "src" / "robust_dml"
    shutil.copytree(Path(robust_dml.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def run(package: Path, folder: Path, *words: str) -> str:
    """Run Python with the copy in a folder; what it printed."""
    environment = {**os.environ, "PYTHONPATH": str(package.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_table_is_one_file(package: Path, made_up_folder: Path, study_file: Path, tmp_path: Path) -> None:
    (package / "report/tables/neighbours.py").write_text(recipe("neighbours.py"))
    shutil.copytree(made_up_folder / "results", tmp_path / "results")
    run(package, tmp_path, "-m", "robust_dml", "tables", str(study_file))
    with (tmp_path / "results/made-up/tables/neighbours.csv").open(encoding="utf-8", newline="") as stream:
        lines = list(csv.DictReader(stream))
    with (tmp_path / "results/made-up/metrics.csv").open(encoding="utf-8", newline="") as stream:
        values = [
            float(line["value"])
            for line in csv.DictReader(stream)
            if [line[name] for name in ("dataset", "loss", "training", "attack", "protocol", "metric")]
            == ["digits", "triplet", "natural", "none", "masked", "recall@4"]
        ]
    natural = next(line for line in lines if (line["loss"], line["training"]) == ("triplet", "natural"))
    assert natural["clean recall@4"] == f"{100 * sum(values) / len(values):.4f}"
    html = (tmp_path / "results/made-up/tables/neighbours.html").read_text(encoding="utf-8")
    assert "Recall by rank" in html
    assert "R@8" in html


def test_a_figure_is_one_file(package: Path, made_up_folder: Path, study_file: Path, tmp_path: Path) -> None:
    (package / "report/figures/seeds.py").write_text(recipe("seeds.py"))
    shutil.copytree(made_up_folder / "results", tmp_path / "results")
    run(package, tmp_path, "-m", "robust_dml", "figures", str(study_file), "--only", "seeds")
    for suffix in ("pdf", "png"):
        assert (tmp_path / f"results/made-up/figures/seeds.{suffix}").stat().st_size > 1000
    names = "from robust_dml.config import load_study; from robust_dml.report.catalogue import figure_names;"
    printed = run(
        package,
        tmp_path,
        "-c",
        f"{names} import sys; from pathlib import Path; print(figure_names(load_study(Path({str(study_file)!r}))));"
        " print('matplotlib' in sys.modules)",
    )
    assert printed.splitlines()[0].endswith("'shift', 'seeds']")
    assert printed.splitlines()[1] == "False"


def test_a_metric_is_one_file(package: Path, tmp_path: Path) -> None:
    (package / "metrics/reciprocal_rank.py").write_text(recipe("reciprocal_rank.py"))
    study = write_study(tmp_path, "natural", evaluation={"metrics": ["recall", "reciprocal-rank"]})
    code = (
        "import torch; from pathlib import Path; from robust_dml.config import load_study;"
        "from robust_dml.metrics import ranking_metrics; from robust_dml.retrieval import Items, rank;"
        "from robust_dml.report.labels import metric_label;"
        f"names = load_study(Path({str(study)!r})).evaluation.metrics;"
        "items = Items(torch.tensor([[0.0], [1.0], [1.9], [7.0]]), torch.tensor([0, 1, 0, 1]), torch.arange(4));"
        "print(ranking_metrics(rank(items, items), names)['reciprocal-rank'], metric_label('reciprocal-rank'))"
    )
    # ranks of the first right neighbour: 2 of 0.0, 3 of 1.0, 2 of 1.9, 2 of 7.0
    assert run(package, tmp_path, "-c", code).strip() == f"{(1 / 2 + 1 / 3 + 1 / 2 + 1 / 2) / 4} reciprocal rank"
