"""Notebooks: without outputs in the repository, and run on a study into a page."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import nbformat
import pytest

from robust_dml.cli import main
from robust_dml.report.notebook import write_notebook
from robust_dml.report.results import Results
from robust_dml.runtime.errors import UserError

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


def test_both_are_there() -> None:
    assert [path.stem for path in NOTEBOOKS] == ["attack_a_retrieval_system", "results"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_repository_holds_no_outputs(path: Path) -> None:
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None


def test_results_reads_a_chosen_study(results: Results, seconds_to_draw: float, study_file: Path) -> None:
    for command in ("tables", "claims"):
        assert main([command, str(study_file)]) == 0
    shutil.copy(study_file, "config/made-up.yaml")
    page = Path("notebook.html")
    assert main(["notebook", "config/made-up.yaml", "--notebook", str(NOTEBOOKS[1]), "--html", str(page)]) == 0
    printed = page.read_text(encoding="utf-8")
    assert "made-up" in printed
    assert "the worst case over" in printed.lower()
    assert "doubling the steps lowers R@1" in printed
    assert printed.count("image/png") >= 7


def test_a_failing_cell_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")])
    nbformat.write(notebook, tmp_path / "broken.ipynb")
    with pytest.raises(UserError, match=r"broken\.ipynb: a cell failed: ZeroDivisionError: division by zero"):
        write_notebook(tmp_path / "broken.ipynb", Path("config/demo.yaml"), tmp_path / "out.html")
    assert not (tmp_path / "out.html").exists()
