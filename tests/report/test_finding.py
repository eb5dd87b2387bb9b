"""The finding reads well whatever the results are: ahead, behind, not told apart, alone, or absent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from report.test_study_shapes import TRAININGS, write_study
from robust_dml.config import ModelName, Study, load_study
from robust_dml.config.evaluation import CLEAN, attacks_of
from robust_dml.report.cells import Numbers
from robust_dml.report.finding import finding
from robust_dml.report.labels import NORMS
from robust_dml.report.metrics import MetricRow
from robust_dml.report.results import Results
from robust_dml.report.samples import Sample
from robust_dml.report.selection import models_of

QUERIES = 1000
STANDARD = {
    "pgd": {"optimiser": "pgd", "epsilon": ["2/255", "4/255", "8/255"], "steps": 10},
    "standard-v1": {"optimiser": "worst-case", "epsilon": ["2/255", "4/255", "8/255"], "members": ["pgd"]},
}
MODELS = {"pixels": {"kind": "pixels"}}


def numbers_of(study: Study, recalls: dict[str, list[float]]) -> Numbers:
    """Results of three seeds that differ by a tenth of a point; `recalls` are clean, then at each radius."""
    results = Results(study)
    rows, samples, ids = [], {}, np.arange(QUERIES)
    for model in models_of(study):
        for at, recall in zip([CLEAN, *standard(study)], recalls.get(model.training, []), strict=False):
            right = np.array([ids < round((recall + 0.001 * (seed - 1)) * QUERIES) for seed in study.seeds])
            samples[model, at.label, "masked"] = Sample(tuple(study.seeds), ids, ids % 100, right)
            rows += [row(model, seed, at.name, at.epsilon, right[n]) for n, seed in enumerate(study.seeds)]
    results.rows = rows  # type: ignore[misc]
    results._samples = samples  # type: ignore[assignment]
    return Numbers(results)


def standard(study: Study) -> list[Any]:
    return [at for at in attacks_of(study) if at.name == "standard-v1"]


def row(model: ModelName, seed: int, attack: str, epsilon: float, right: np.ndarray) -> MetricRow:
    share = float(right.mean())
    return MetricRow(*model[:1], "small", *model[1:], seed, attack, "linf", epsilon, 1, "", "masked", "recall@1", share)


@pytest.fixture
def told(tmp_path: Path):
    """The finding of a study of some trainings, with these recalls."""

    def of(recalls: dict[str, list[float]], models: dict[str, Any] | None = None, **changes: Any) -> str:
        trainings = [name for name in recalls if name in TRAININGS]
        settings = {"attacks": STANDARD, "models": MODELS if models is None else models, "seeds": [0, 1, 2], **changes}
        path = write_study(tmp_path, *(trainings or ["positive"]), **settings)
        return str(finding(numbers_of(load_study(path), recalls)))

    return of


NATURAL, PIXELS = [0.8, 0.5, 0.2, 0.05], [0.5, 0.45, 0.4, 0.3]


def test_it_says_where_robust_training_is_ahead_and_where_no_longer(told) -> None:
    text = told({"natural": NATURAL, "positive": [0.8, 0.7, 0.5, 0.2], "pixels": PIXELS})
    first, second = text.split(". ")
    assert first == (
        f"In the worst case of standard-v1 ({NORMS['linf']}), robust training (positive) beats natural at every "
        "radius from 2/255 to 8/255 (by 15.0 to 30.0 points) and pixels at 2/255 and 4/255 (by 10.0 to 25.0 points)"
    )
    assert second.startswith("It is behind pixels at 8/255 (by 10.0 points, 95 % interval ")


def test_rows_that_are_beaten_at_the_same_radii_share_a_clause(told) -> None:
    text = told({"natural": NATURAL, "positive": [0.8, 0.7, 0.6, 0.5], "pixels": PIXELS})
    assert "beats natural and pixels at every radius from 2/255 to 8/255 (by 20.0 to 45.0 points and by" in text
    assert text.endswith("Without an attack the recall@1 is: positive 80.0 %, natural 80.0 % and pixels 50.0 %.")


def test_nothing_resolved(told) -> None:
    text = told({"natural": [0.8, 0.5, 0.2, 0.1], "positive": [0.8, 0.501, 0.201, 0.099]}, models={})
    assert "robust training (positive) does not beat natural at any radius. It is not told apart from natural" in text
    assert "(\N{MINUS SIGN}0.1 to +0.1 points)." in text


def test_robust_training_that_is_worse(told) -> None:
    text = told({"natural": PIXELS, "positive": NATURAL, "pixels": [0.9] * 4})
    assert "beats natural at 2/255 (by 5.0 points, 95 % interval " in text
    assert "It is behind natural at 4/255 and 8/255 (by 20.0 to 25.0 points) and pixels at every radius" in text
    worse = told({"natural": PIXELS, "positive": [0.1, 0.05, 0.02, 0.01], "pixels": PIXELS})
    assert "robust training (positive) beats none of natural and pixels at any radius. It is behind" in worse


def test_one_radius(told) -> None:
    attacks = {name: {**attack, "epsilon": 0.1} for name, attack in STANDARD.items()}
    text = told({"natural": [0.8, 0.2], "positive": [0.8, 0.5]}, models={}, attacks=attacks)
    assert "beats natural at ε = 0.1 (by 30.0 points, 95 % interval 2" in text


def test_without_a_natural_row_or_without_any_other(told) -> None:
    assert "(positive) beats pixels at 2/255 (by" in told({"positive": NATURAL, "pixels": PIXELS})
    alone = told({"positive": NATURAL}, models={})
    assert alone.endswith(
        "robust training (positive) has a recall@1 of 50.0 % at 2/255, 20.0 % at 4/255 and 5.0 % at 8/255. "
        "The study has no other row to compare it with."
    )


def test_without_robust_training_the_first_one_is_compared(told) -> None:
    assert ", natural beats pixels at 2/255 (by 5.0 points" in told({"natural": NATURAL, "pixels": PIXELS})


def test_without_the_standard_the_headline_stands_for_it(told) -> None:
    attacks = {"margin": {**STANDARD["pgd"], "objective": "margin"}}
    assert told({"positive": []}, attacks=attacks) == "Nothing has been measured yet."


def test_equal_results_give_equal_words(told) -> None:
    recalls = {"natural": NATURAL, "positive": [0.8, 0.7, 0.5, 0.2], "pixels": PIXELS}
    assert told(recalls) == told(recalls)
