"""One attack on a batch: every optimiser, objective and norm; the released code's own; what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from evaluation.tiny_study import MODEL, MakeStudy, attack_at, evaluate, result, stored
from robust_dml.attacks import L2Ball, LinfBall, released
from robust_dml.config.attacks import AttackConfig
from robust_dml.config.evaluation import AttackAt, result_labels
from robust_dml.evaluation.attack import attack_model
from robust_dml.evaluation.batches import NORM_TOLERANCE, ULP, AttackBatch, _norm, attack_batch
from robust_dml.evaluation.target import load_target
from robust_dml.records import Optimiser
from robust_dml.retrieval import rank
from robust_dml.runtime.randomness import sample_seeds

ATTACKS: dict[str, Any] = {
    "pgd": {"optimiser": "pgd", "objective": "margin", "epsilon": 0.05, "steps": 3, "restarts": 2},
    "apgd": {"optimiser": "apgd", "objective": "margin", "epsilon": 0.05, "steps": 3},
}
SETTINGS: dict[str, Any] = {"evaluation": {"batch": 2000, "check_queries": 0}, "report": {"examples": 0}}


def test_attacks_of_the_released_code_are_run_as_it_runs_them(make_study: MakeStudy) -> None:
    study = make_study(attacks=ATTACKS, **SETTINGS)
    evaluate(study)
    target = load_target(study, MODEL)
    queries = target.queries
    right = rank(queries, target.gallery).right
    x = target.images(np.arange(len(queries)))
    seeds = sample_seeds(queries.ids, 0, "evaluation")[right]
    noise = torch.stack([LinfBall(0.05).noise(x[right], seeds=seeds, stream=restart) for restart in range(2)])
    own = released.objective(queries.embeddings[right])
    moved = queries.embeddings.clone()
    with torch.no_grad():
        moved[right] = target.embed(released.pgd(target.embed, x[right], own, "linf", 0.05, noise=noise, steps=3))
    expected = rank(queries.embedded_as(moved), target.gallery, "as-released").right
    found = np.array(result("pgd-0.05")["queries"]["adversarial_right_as_released"])
    assert np.mean(found != expected.numpy()) < 0.002  # batches round differently


def test_every_optimiser_objective_and_norm(make_study: MakeStudy) -> None:
    attacks = {
        "r-fgsm": {"optimiser": "r-fgsm", "objective": "repel-self", "epsilon": 0.05},
        "pgd-l2": {"optimiser": "pgd", "objective": "attract-negative", "norm": "l2", "epsilon": 0.5, "steps": 2},
        "apgd": {"optimiser": "apgd", "objective": "margin", "epsilon": 0.05, "steps": 3},
        "cw": {"optimiser": "carlini-wagner", "objective": "margin", "norm": "l2", "epsilon": 0.5, "steps": 2},
        "square": {"optimiser": "square", "objective": "margin", "epsilon": 0.05, "steps": 3},
        "noise": {"optimiser": "noise", "objective": "margin", "epsilon": 0.05},
        "transfer": {"optimiser": "transfer", "source": "other", "epsilon": 0.05, "steps": 2},
    }
    study = make_study(attacks=attacks, report={"examples": 0}, evaluation={"batch": 1000, "as_released": False})
    evaluate(study)
    recalls = {label: result(label)["metrics"]["masked"]["recall@1"] for label in result_labels(study)}
    for label in result_labels(study)[1:]:
        assert recalls[label] < recalls["clean"] + 0.02, label
    assert min(recalls["apgd-0.05"], recalls["cw-0.5"]) < recalls["noise-0.05"] - 0.1


def test_stop_when_broken_gives_the_same_recall(make_study: MakeStudy) -> None:
    attacks = {"pgd": {"optimiser": "pgd", "objective": "margin", "epsilon": 0.03, "steps": 4, "restarts": 2}}
    recalls = []
    for stop in (False, True):
        settings = {"batch": 500, "stop_when_broken": stop, "check_queries": 0, "as_released": False}
        evaluate(make_study(attacks=attacks, evaluation=settings, report={"examples": 0}))
        recalls.append(result("pgd-0.03")["metrics"]["masked"]["recall@1"])
    assert recalls[0] == pytest.approx(recalls[1], abs=0.003)


def test_images_are_made_for_the_source_and_embedded_by_the_target(make_study: MakeStudy) -> None:
    attacks = {"transfer": {"optimiser": "transfer", "source": "other", "epsilon": 0.05, "steps": 2}}
    study = make_study(attacks=attacks, **SETTINGS)
    attack_model(study, MODEL)
    target, source = load_target(study, MODEL), load_target(study, MODEL._replace(training="other"))
    at = attack_at(study, "transfer-0.05")
    made = at.attack.record.attack(
        AttackBatch(source, source, at, False, np.arange(0)).problem(source, np.arange(len(target.queries))),
        at.attack.options,
    )
    with torch.no_grad():
        expected = target.embed(made).numpy()
    np.testing.assert_allclose(stored("transfer-0.05").embeddings, expected, atol=1e-4)


@pytest.mark.parametrize(("change", "message"), [(0.06, "norm"), (-2.0, "norm"), (0.0, None)])
def test_images_outside_the_ball_are_an_error(
    change: float, message: str | None, make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = make_study()
    target, at = load_target(study, MODEL), attack_at(study, "pgd-0.05")
    record = Optimiser(
        label="", summary="", family="iterative", passes=lambda options: 0,
        attack=lambda problem, options: problem.images + change,
    )  # fmt: skip
    monkeypatch.setattr(type(at.attack), "record", property(lambda config: record))
    batch = AttackBatch(target, target, at, False, np.arange(0))
    if message is None:
        assert attack_batch(batch, np.arange(5)).norm.tolist() == [0.0] * 5
    else:
        with pytest.raises(AssertionError, match=message):
            attack_batch(batch, np.arange(5))


def test_rounding_of_the_pixels_is_no_way_out_of_the_ball() -> None:
    """Every pixel of an image may be rounded the same way, as where an image of one colour becomes brighter."""
    change = (151_000 + 0.7) * ULP  # between two float32 numbers, nearer to the larger one
    ball = L2Ball(change * math.sqrt(3 * 64 * 64))
    at = AttackAt(
        "fgsm", AttackConfig(optimiser="fgsm", objective="margin", norm="l2", epsilon=ball.epsilon), ball.epsilon
    )
    images = torch.full((2, 3, 64, 64), 0.5)
    brighter = ball.project(images + 2 * change, images)
    excess = _norm(at, images, brighter, True) - ball.epsilon
    assert (excess > NORM_TOLERANCE).all()
    with pytest.raises(AssertionError, match="norm"):
        _norm(at, images, brighter + ULP, True)


def test_queries_without_a_gradient_are_counted_where_the_attack_begins(make_study: MakeStudy) -> None:
    attacks = {
        "fgsm": {"optimiser": "fgsm", "objective": "repel-self", "epsilon": 0.05},
        "r-fgsm": {"optimiser": "r-fgsm", "objective": "repel-self", "epsilon": 0.05},
        "square": {"optimiser": "square", "objective": "repel-self", "epsilon": 0.05, "steps": 1},
    }
    attack_model(make_study(attacks=attacks, **SETTINGS), MODEL)
    assert stored("fgsm-0.05").zero_gradient.all()  # its own embedding is at distance zero
    assert not stored("r-fgsm-0.05").zero_gradient.any()
    assert not stored("square-0.05").zero_gradient.any()
