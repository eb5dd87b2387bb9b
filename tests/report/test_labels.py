"""Words for a reader come from the records of what they name."""

from __future__ import annotations

from typing import Any

import pytest

from robust_dml.config.attacks import AttackConfig
from robust_dml.config.evaluation import CLEAN, AttackAt
from robust_dml.records import METRICS, OPTIMISERS
from robust_dml.report.labels import NORMS, attack_label, metric_label, objective_label, result_label, threat_label


def at(name: str, **settings: Any) -> AttackAt:
    return AttackAt(name, AttackConfig(epsilon=[0.1], **settings), 0.1)


LINF, L2 = NORMS["linf"], NORMS["l2"]
PGD = {"optimiser": "pgd", "steps": 10}


@pytest.mark.parametrize(
    ("attack", "label", "threat"),
    [
        (CLEAN, "clean", "no perturbation"),
        (at("pgd", **PGD), "PGD", f"{LINF}, ε = 0.1, 10 steps"),
        (at("pgd20", **PGD), "PGD20", f"{LINF}, ε = 0.1, 10 steps"),
        (at("pgd-l2", norm="l2", **PGD), f"PGD-{L2}", f"{L2}, ε = 0.1, 10 steps"),
        (at("pgd-margin", **PGD), "PGD-margin", f"{LINF}, ε = 0.1, 10 steps"),
        (at("margin", **PGD), "margin", f"PGD, {LINF}, ε = 0.1, 10 steps"),
        (at("pgd", restarts=3, **PGD), "PGD", f"{LINF}, ε = 0.1, 10 steps, 3 restarts"),
        (at("fgsm", optimiser="fgsm"), "FGSM", f"{LINF}, ε = 0.1"),
        (at("r-fgsm", optimiser="r-fgsm"), "R-FGSM", f"{LINF}, ε = 0.1"),
        (at("apgd", optimiser="apgd", steps=5), "APGD", f"{LINF}, ε = 0.1, 5 steps"),
        (at("carlini-wagner", optimiser="carlini-wagner", steps=5), "C&W", f"{LINF}, ε = 0.1, 5 steps"),
        (at("square", optimiser="square", steps=30), "Square", f"{LINF}, ε = 0.1, 30 queries"),
        (at("noise", optimiser="noise", steps=4), "noise", f"{LINF}, ε = 0.1, 4 draws"),
        (at("worst-case", optimiser="worst-case", members=["pgd"]), "worst-case", f"{LINF}, ε = 0.1"),
    ],
)
def test_an_attack_is_named_by_its_optimiser_and_what_it_may_do(attack: AttackAt, label: str, threat: str) -> None:
    assert (attack_label(attack), threat_label(attack)) == (label, threat)
    assert result_label(attack) == f"{label} ({threat})"


def test_every_optimiser_has_a_label_that_its_attack_bears() -> None:
    for name in OPTIMISERS.names:
        record = OPTIMISERS.load(name)
        if record.family != "ensemble":
            required = {"steps": 3, "source": "natural"}
            options = {key: value for key, value in required.items() if key in record.options.model_fields}
            assert attack_label(at(name, optimiser=name, **options)) == record.label


def test_objectives_and_members_are_named() -> None:
    assert objective_label(CLEAN) == "none"
    assert objective_label(at("pgd", **PGD)) == "repel positive"
    assert objective_label(at("any", optimiser="worst-case", members=["pgd", "fgsm"])) == "any of pgd, fgsm"


def test_metrics_are_named_by_their_records() -> None:
    assert [metric_label(name) for name in ("recall@1", "map@r", "nmi", "own")] == ["R@1", "mAP@R", "NMI", "own"]
    for name in METRICS.names:
        for metric, label in METRICS.load(name).labels.items():
            assert metric_label(metric) == label
