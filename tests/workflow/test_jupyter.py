"""Both notebooks run from beginning to end as a user of Jupyter runs them."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from checkout import ROOT
from repository import environment


def execute(notebook: Path) -> str:
    """All that the cells of a notebook print, run by `jupyter nbconvert` in the notebook's folder."""
    command = [
        str(Path(sys.executable).with_name("jupyter")),
        "nbconvert",
        "--to",
        "notebook",
        "--execute",
        "--inplace",
    ]
    sources = {**environment(), "PYTHONPATH": str(ROOT / "src")}
    ended = subprocess.run([*command, str(notebook)], env=sources, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr[-3000:]
    cells = json.loads(notebook.read_text())["cells"]
    return json.dumps([cell.get("outputs", []) for cell in cells], ensure_ascii=False)


def test_attack_a_retrieval_system_breaks_the_system(tmp_path: Path) -> None:
    notebook = Path(shutil.copy(ROOT / "notebooks/attack_a_retrieval_system.ipynb", tmp_path))
    assert "worst case over 5 attacks: R@1 0.0" in execute(notebook)


def test_results_runs_a_study_that_has_not_run(checkout: Path) -> None:
    """Of the study the metrics are missing, and what is made from them."""
    notebook = checkout / "notebooks/results.ipynb"
    notebook.write_text(notebook.read_text().replace("config/demo.yaml", "config/ci.yaml"))
    metrics = checkout / "results/ci/metrics.csv"
    before = metrics.read_bytes()
    metrics.unlink()
    printed = execute(notebook)
    assert "Study **ci**" in printed and "image/png" in printed
    assert metrics.read_bytes() == before


def test_make_notebook_opens_the_notebooks() -> None:
    (command,) = re.findall(r"^notebook: setup\n\t(.*)$", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    jupyter = [str(Path(sys.executable).with_name("jupyter")), *command.removeprefix("$(BIN)/jupyter ").split()[:1]]
    subprocess.run([*jupyter, "--version"], check=True, capture_output=True)
