"""Models that hide their gradients: the standard breaks them as it breaks the network behind, or a gate fails."""

from __future__ import annotations

import pytest

from evaluation.short_standard import shortened
from evaluation.tiny_study import MakeStudy, evaluate, result

LABEL = "standard-v1-0.05"
SECTIONS = {
    "attacks": {"standard": {"linf": [0.05]}},
    "evaluation": {"batch": 300, "check_queries": 30, "queries": 30},
    "trainings": {"natural": {"method": "natural"}},
    "report": {},
}


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gradients that are hidden are hidden from shorter attacks too."""
    shortened(monkeypatch, square=200, apgd=30)


def judged(make_study: MakeStudy, network: str) -> tuple[float, set[str]]:
    """Return the worst case of a network, and the gates that it does not pass."""
    small = {"kind": f"evaluation.hiding:{network}", "embedding": 16}
    evaluate(make_study(backbones={"small": small}, **SECTIONS))
    failed = {found["check"] for found in result("checks")["checks"] if found["gate"] and found["verdict"] != "pass"}
    assert result("clean")["metrics"]["masked"]["recall@1"] > 0.3
    return result(LABEL)["metrics"]["masked"]["recall@1"], failed


def test_a_network_that_hides_nothing_is_verified(make_study: MakeStudy) -> None:
    worst, failed = judged(make_study, "plain")
    assert worst < 0.5 and failed == set()


@pytest.mark.parametrize(
    ("network", "gate"),
    [
        ("quantised", "queries without a gradient"),
        ("saturated", "queries without a gradient"),
        ("random", "two passes agree"),
        ("of_its_batch", "two passes agree"),
    ],
)
def test_a_network_that_hides_its_gradients_is_not_verified(make_study: MakeStudy, network: str, gate: str) -> None:
    _, failed = judged(make_study, network)
    assert gate in failed
