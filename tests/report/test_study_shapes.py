"""Studies of every shape end with tables, figures, claims, a page and a summary: one training, no pair, no ensemble."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
import yaml

from report.made_up_results import make_results
from robust_dml.cli import main
from robust_dml.config import Study, load_study
from robust_dml.report import catalogue
from robust_dml.report.catalogue import figure_files, figure_names, table_files, table_names
from robust_dml.report.cells import Numbers
from robust_dml.report.results import Results
from robust_dml.report.tables import build_table

PGD = {"optimiser": "pgd", "epsilon": 0.1, "steps": 5}
TRAININGS = {
    "natural": {"method": "natural"},
    "positive": {"method": "robust", "perturb": "positive", "attack": PGD},
    "negative": {"method": "robust", "perturb": "negative", "attack": PGD},
    "half": {"method": "robust", "perturb": "positive", "attack_rate": 0.5, "attack": PGD},
    "rival": {"method": "visualphishnet"},
}
ATTACKS: dict[str, Any] = {
    "worst-case": {"optimiser": "worst-case", "epsilon": 0.1, "members": ["fgsm", "pgd"]},
    "fgsm": {"optimiser": "fgsm", "epsilon": 0.1},
    "pgd": {"optimiser": "pgd", "epsilon": [0.05, 0.1], "steps": 10},
}
SQUARE = {"transform": {"size": 16, "resize": 16}, "backbone": "small"}
DIGITS = {"digits": {"kind": "digits", **SQUARE}}
NOISE = {"noise": {"kind": "gaussians", "split": "samples-1", "images_per_class": 32, "pixels": 16, **SQUARE}}


def write_study(folder: Path, *trainings: str, **changes: Any) -> Path:
    content = {
        "name": "shape",
        "device": "cpu",
        "datasets": DIGITS,
        "backbones": {"small": {"kind": "convnet", "embedding": 16}, "circle": {"kind": "convnet", "embedding": 2}},
        "losses": {"triplet": {"kind": "triplet"}},
        "trainings": {name: TRAININGS[name] for name in trainings},
        "attacks": {"pgd": ATTACKS["pgd"]},
        "report": {"examples": 4},
        **changes,
    }
    path = folder / "shape.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


SHAPES: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "one natural training": (("natural",), {}),
    "one robust training": (("positive",), {}),
    "one rival": (("rival",), {}),
    "two trainings, none robust": (("natural", "rival"), {}),
    "two trainings, none natural": (("positive", "rival"), {}),
    "slots without natural training": (("positive", "negative"), {}),
    "rates without natural training": (("positive", "half"), {}),
    "no ensemble": (("natural", "positive"), {}),
    "an ensemble as headline": (("natural", "positive"), {"attacks": ATTACKS}),
    "a control as the only attack": (
        ("natural", "positive"),
        {"attacks": {"noise": {"optimiser": "noise", "epsilon": 0.1, "steps": 3}}},
    ),
    "no examples": (("natural", "positive"), {"report": {"examples": 0}}),
    "the standard, and models that are not trained": (
        ("natural", "positive"),
        {
            "attacks": {
                "pgd": {**PGD, "epsilon": ["2/255", "4/255"]},
                "standard-v1": {"optimiser": "worst-case", "epsilon": ["2/255", "4/255"], "members": ["pgd"]},
            },
            "models": {"pixels": {"kind": "pixels", "seeds": [0]}, "untrained": {"backbone": "small"}},
            "seeds": [0, 1],
        },
    ),
    "noise alone": (("natural", "positive"), {"datasets": NOISE}),
    "noise on a circle, without a pair": (
        ("natural",),
        {"datasets": {"noise": {**NOISE["noise"], "backbone": "circle"}}},
    ),
    "noise on a circle, rivals alone": (("rival",), {"datasets": {"noise": {**NOISE["noise"], "backbone": "circle"}}}),
}


@pytest.fixture(params=SHAPES, ids=lambda name: name.replace(" ", "-"))
def study_file(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    trainings, changes = SHAPES[request.param]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(catalogue, "FIGURE_FORMATS", ("png",))  # a PDF takes as long again, and its shape is the same
    path = write_study(tmp_path, *trainings, **changes)
    make_results(load_study(path))
    return path


def test_every_shape_of_a_study_ends_with_a_page(study_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("tables", "figures", "claims", "page", "summary"):
        assert main([command, str(study_file)]) == 0, capsys.readouterr().err
    study = load_study(study_file)
    for path in table_files(study):
        assert path.exists()
    for path in (path for path in table_files(study) if path.suffix == ".csv"):
        with path.open(encoding="utf-8", newline="") as stream:
            assert list(csv.DictReader(stream)), f"{path.name} has no row"
    for name in figure_names(study):
        assert all(path.exists() for path in figure_files(study, name))
    page = Path("results/shape/report.html").read_text(encoding="utf-8")
    assert f'id="table-{table_names(study)[0]}"' in page
    assert 'href="#claims"' not in page and 'id="claims"' not in page
    assert "natural training's" not in page or "natural" in study.trainings


def names_of(folder: Path, *trainings: str, **changes: Any) -> tuple[list[str], list[str]]:
    study: Study = load_study(write_study(folder, *trainings, **changes))
    return table_names(study), figure_names(study)


def test_a_study_with_the_standard_shows_its_worst_case_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trainings, changes = SHAPES["the standard, and models that are not trained"]
    monkeypatch.chdir(tmp_path)
    study = load_study(write_study(tmp_path, *trainings, **changes))
    make_results(study)
    table = build_table(Numbers(Results(study)), "summary")
    assert [column.label for column in table.columns] == ["R@1", "2/255", "4/255", "R@1", "all passed?"]
    assert [row.labels[2] for row in table.rows] == ["natural", "positive", "pixels", "untrained"]
    assert {row.cells[-1].text for row in table.rows} == {"unverified"}
    assert all(cell.low <= cell.mean <= cell.high for row in table.rows for cell in row.cells[:-1])
    assert figure_names(study)[0] == "worst-case"


def test_tables_and_figures_that_need_a_pair_are_left_out_without_one(tmp_path: Path) -> None:
    for trainings in (("natural",), ("positive",), ("natural", "rival"), ("positive", "rival")):
        tables, figures = names_of(tmp_path, *trainings)
        assert ("summary" in tables, "retrieval" in figures) == (False, False)
    tables, figures = names_of(tmp_path, "natural", "positive")
    assert ("summary" in tables, "retrieval" in figures) == (True, True)


def test_the_first_table_takes_the_place_of_the_summary(tmp_path: Path) -> None:
    assert names_of(tmp_path, "natural")[0][0] == "main"
    assert names_of(tmp_path, "natural", "positive")[0][0] == "summary"


def test_slots_rates_and_rivals_are_compared_with_two_or_more_of_them(tmp_path: Path) -> None:
    assert "slot" in names_of(tmp_path, "positive", "negative")[0]
    assert "slot" in names_of(tmp_path, "positive", "negative")[1]
    assert "slot" not in names_of(tmp_path, "positive", "natural")[0]
    assert "rate" in names_of(tmp_path, "positive", "half")[0]
    assert "rate" not in names_of(tmp_path, "positive", "negative")[0]
    assert "rival" in names_of(tmp_path, "positive", "rival")[0]
    assert "rival" not in names_of(tmp_path, "rival")[0]


def test_circles_are_drawn_of_embeddings_in_two_dimensions_alone(tmp_path: Path) -> None:
    circle = {"noise": {**NOISE["noise"], "backbone": "circle"}}
    assert "gaussians" in names_of(tmp_path, "natural", datasets=circle)[1]
    assert "gaussians" not in names_of(tmp_path, "natural", datasets=NOISE)[1]
    assert "gaussians" not in names_of(tmp_path, "rival", datasets=circle)[1]
    assert "gaussians" not in names_of(tmp_path, "natural")[1]


def test_a_curve_needs_two_radii(tmp_path: Path) -> None:
    assert "epsilon" in names_of(tmp_path, "natural")[1]
    assert "epsilon" not in names_of(tmp_path, "natural", attacks={"fgsm": ATTACKS["fgsm"]})[1]
