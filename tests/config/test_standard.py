"""`attacks: standard` becomes the entries of the newest version."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from evaluation.tiny_study import STUDY
from robust_dml.config import Study
from robust_dml.config.evaluation import attacks_of

WORST = {"optimiser": "worst-case", "members": ["standard-v1"], "epsilon": 0.1}


def study(attacks: Any, size: int = 8) -> Study:
    transform = {"size": size, "resize": size, "train_side": size, "flip": 0.0}
    digits = {**STUDY["datasets"]["digits"], "transform": transform}
    return Study(**{**STUDY, "datasets": {"digits": digits}, "attacks": attacks, "report": {}})


def labels(attacks: Any, size: int = 8) -> list[str]:
    return [at.label for at in attacks_of(study(attacks, size))]


def test_alone_it_has_the_radii_of_photographs() -> None:
    expected = [f"standard-v1-{radius / 255:g}" for radius in (1, 2, 4, 8)]
    assert labels("standard", 224) == [*expected, "standard-v1-l2-0.5", "standard-v1-l2-3"]
    assert labels({"standard": {}}, 224) == labels("standard", 224)


def test_beside_others_it_stands_at_its_place() -> None:
    pgd = {"optimiser": "pgd", "steps": 2, "epsilon": 0.1}
    found = labels({"pgd": pgd, "standard": {"linf": ["2/255"], "l2": [0.5]}})
    assert found == ["pgd-0.1", "standard-v1-0.00784314", "standard-v1-l2-0.5"]


def test_a_study_that_was_read_can_be_read_again() -> None:
    once = study({"standard": {"linf": [0.1]}})
    assert Study(**once.model_dump()) == once


@pytest.mark.parametrize(
    ("attacks", "message"),
    [
        ("standard", "name radii"),
        ({"standard": {"linf": [0.1], "steps": 10}}, "no other settings"),
        ({"standard": {"linf": [8]}}, "larger than the range of pixels"),
        ({"standard": {"linf": []}}, "at least 1 item"),
        ({"mine": {"optimiser": "standard-v1", "epsilon": 0.1}}, "given as `standard`"),
        (
            {"standard": {"linf": [0.1]}, "w": {"optimiser": "worst-case", "members": ["standard-v1"], "epsilon": 0.1}},
            "an ensemble itself",
        ),
    ],
)
def test_settings_of_its_own_are_refused(attacks: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        study(attacks)
