"""Figures: all are drawn, the same bytes each time, one at a time on request, and none without results."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from checkout import ROOT
from robust_dml.cli import main
from robust_dml.config import ModelName, load_study
from robust_dml.config.evaluation import CLEAN
from robust_dml.report.catalogue import figure_files, figure_names, figure_sources
from robust_dml.report.cells import Numbers
from robust_dml.report.figures import caption, draw, save
from robust_dml.report.figures.retrieval import _chosen, _pairs
from robust_dml.report.figures.style import marks
from robust_dml.report.results import Results
from robust_dml.report.seeds import mean
from robust_dml.report.selection import headline, worst_cases
from robust_dml.runtime.errors import UserError

ALL = ["retrieval", "gaussians", "epsilon", "steps", "curves", "slot", "shift"]


def test_the_study_has_every_figure(results: Results) -> None:
    assert figure_names(results.study) == ALL


@pytest.mark.parametrize("name", ALL)
def test_a_figure_is_drawn_with_the_same_bytes_each_time(
    results: Results, seconds_to_draw: float, name: str, tmp_path: Path
) -> None:
    before = figure_files(results.study, name)
    again = [tmp_path / path.name for path in before]
    save(draw(Numbers(results), name), again)
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in before]
    assert again[0].read_bytes().startswith(b"%PDF")
    picture = np.asarray(Image.open(tmp_path / f"{name}.png").convert("L"))
    assert picture.shape[1] > 1000
    assert 0.01 < (picture < 200).mean() < 0.9


@pytest.mark.parametrize("name", ALL)
def test_a_figure_is_drawn_from_the_sources_that_it_declares(results: Results, name: str) -> None:
    sources = figure_sources(results.study, name)
    assert sources
    assert all(path.exists() for path in sources)
    assert len(caption(results.study, name)) > 100


@pytest.mark.parametrize("name", ALL)
def test_without_results_a_figure_says_what_to_do(results: Results, name: str, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="run snakemake"):
        draw(Numbers(results), name)


def test_the_command_redraws_one_figure_and_leaves_the_others(
    results: Results, seconds_to_draw: float, study_file: Path
) -> None:
    files = {name: figure_files(results.study, name) for name in ALL}
    times = {path: path.stat().st_mtime_ns for paths in files.values() for path in paths}
    assert main(["figures", str(study_file), "--only", "slot"]) == 0
    redrawn = {path for path, before in times.items() if path.stat().st_mtime_ns != before}
    assert redrawn == set(files["slot"])


def test_an_unknown_figure_is_one_line(study_file: Path, results: Results, capsys) -> None:
    assert main(["figures", str(study_file), "--only", "pie"]) == 1
    assert "has no figure pie; it has retrieval" in capsys.readouterr().err


def test_lines_stand_where_metrics_csv_says(results: Results) -> None:
    numbers = Numbers(results)
    figure = draw(numbers, "epsilon")
    lines = {line.get_label(): line for line in figure.axes[1].lines if not line.get_label().startswith("_")}
    assert set(lines) == set(results.study.trainings)
    model = ModelName("digits", "triplet", "robust-anchor")
    clean = mean(numbers.seeds(model, CLEAN))
    attacked = mean(numbers.seeds(model, headline(results.study)))
    x, y = lines["robust-anchor"].get_data()
    assert list(x) == [0, 0.05, 0.1, 0.2]
    assert [y[0], y[2]] == pytest.approx([100 * clean, 100 * attacked])
    (worst,) = worst_cases(results.study)
    alone = [float(line.get_ydata()[0]) for line in figure.axes[1].lines if line.get_label().startswith("_")]
    assert pytest.approx(100 * mean(numbers.seeds(model, worst))) in alone


def test_trainings_differ_by_line_and_marker_and_not_by_colour_alone(results: Results) -> None:
    looks = marks(results.study)
    assert len({look.marker for look in looks.values()}) == len(looks)
    assert len({(look.line, look.marker) for look in looks.values()}) == len(looks)


@pytest.mark.parametrize("name", ["photographs", "field"])
def test_no_two_of_many_trainings_look_alike(name: str) -> None:
    looks = list(marks(load_study(ROOT / "config" / f"{name}.yaml")).values())
    assert len(looks) > 8 and len(set(looks)) == len(looks)


def test_the_grid_shows_queries_that_natural_training_loses_and_robust_training_keeps(results: Results) -> None:
    pairs = _pairs(Numbers(results), "digits")
    assert [group.loss for group in pairs] == ["contrastive", "triplet"]
    for query in _chosen(list(pairs.values()), 2):
        for natural, robust in pairs.values():
            assert (natural.right(query, attacked=True), robust.right(query, attacked=True)) == (False, True)
            assert natural.right(query, attacked=False)


def test_no_part_of_the_report_imports_torch() -> None:
    code = (
        "import sys, pkgutil, importlib, robust_dml.report as r\n"
        "names = [m.name for m in pkgutil.walk_packages(r.__path__, 'robust_dml.report.')]\n"
        "[importlib.import_module(n) for n in names]\n"
        "print(len(names), [n for n in ('torch', 'matplotlib', 'pandas', 'jinja2') if n in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    count, heavy = out.split(maxsplit=1)
    assert int(count) > 30
    assert heavy.strip() == "[]"


def test_all_figures_take_less_than_thirty_seconds(seconds_to_draw: float) -> None:
    assert seconds_to_draw < 30
