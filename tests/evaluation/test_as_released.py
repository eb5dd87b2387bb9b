"""The released protocol beside the masked one: its target, its choice of queries, its scoring."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from evaluation.conftest import MODEL, MakeStudy
from robust_dml.attacks import LinfBall, released
from robust_dml.config.paths import attack_folder
from robust_dml.evaluation import evaluate
from robust_dml.evaluation.attacking import Attack
from robust_dml.evaluation.target import load_subject
from robust_dml.retrieval.protocols import rank
from robust_dml.runtime.files import read_json
from robust_dml.runtime.randomness import sample_seeds

ATTACKS: dict[str, Any] = {
    "pgd": {"optimiser": "pgd", "objective": "margin", "epsilon": 0.05, "steps": 3, "restarts": 2},
    "apgd": {"optimiser": "apgd", "objective": "margin", "epsilon": 0.05, "steps": 3},
}


def released_right(name: str) -> list[bool]:
    found: list[bool] = read_json(attack_folder("tiny", MODEL) / f"{name}.json")["queries"][
        "adversarial_right_as_released"
    ]
    return found


def test_attacks_of_the_released_code_are_run_as_it_runs_them(make_study: MakeStudy) -> None:
    study = make_study(attacks=ATTACKS, evaluation={"batch": 2000, "check_queries": 0}, report={"examples": 0})
    evaluate(study, MODEL)
    subject = load_subject(study, MODEL)
    queries = subject.queries
    right = subject.rank(queries.embeddings).right
    x = subject.images(np.arange(len(right)))
    seeds = sample_seeds(queries.ids, 0, "evaluation")[right]
    noise = torch.stack([LinfBall(0.05).noise(x[right], seeds=seeds, stream=restart) for restart in range(2)])
    own = released.objective(queries.embeddings[right])
    moved = queries.embeddings.clone()
    with torch.no_grad():
        moved[right] = subject.model(released.pgd(subject.model, x[right], own, "linf", 0.05, noise=noise, steps=3))
    ids = {"query_ids": queries.ids, "gallery_ids": queries.ids}
    given = (moved, queries.labels, queries.embeddings, queries.labels)
    expected = rank(*given, **ids, protocol="as-released").right
    assert np.mean(np.array(released_right("pgd-0.05")) != expected.numpy()) < 0.002  # batches round differently


def test_other_attacks_are_scored_as_released(make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    caught: list[np.ndarray] = []
    whole = Attack.__call__

    def caught_call(self: Attack, positions: np.ndarray) -> dict[str, np.ndarray]:
        arrays = whole(self, positions)
        caught.append(arrays["embeddings"])
        return arrays

    monkeypatch.setattr(Attack, "__call__", caught_call)
    attacks = {"apgd": ATTACKS["apgd"]}
    study = make_study(attacks=attacks, evaluation={"batch": 2000, "check_queries": 0}, report={"examples": 0})
    evaluate(study, MODEL)
    queries = load_subject(study, MODEL).queries
    ids = {"query_ids": queries.ids, "gallery_ids": queries.ids}
    gallery = (queries.embeddings, queries.labels)
    clean_right = rank(*gallery, *gallery, **ids).right
    moved = torch.where(clean_right[:, None], torch.from_numpy(caught[0]), queries.embeddings)
    expected = rank(moved, queries.labels, *gallery, **ids, protocol="as-released").right
    assert released_right("apgd-0.05") == expected.tolist()


@pytest.mark.parametrize("of", ["the study", "the attack"])
def test_it_can_be_left_out(of: str, make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any) -> None:
        raise AssertionError("the released code's attack was run")

    monkeypatch.setattr("robust_dml.evaluation.attacking.run_released", refuse)
    evaluation = {"batch": 2000, "check_queries": 0, "as_released": of != "the study"}
    attacks = {**ATTACKS, "pgd": {**ATTACKS["pgd"], "as_released": of != "the attack"}}
    evaluate(make_study(attacks=attacks, evaluation=evaluation, report={"examples": 0}), MODEL)
    assert len(released_right("pgd-0.05")) > 0
