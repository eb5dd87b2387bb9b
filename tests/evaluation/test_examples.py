"""examples.npz: a few queries before and after the headline's attack."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.tiny_study import MODEL, MakeStudy, Passes, evaluate, result, shifts
from robust_dml.config.paths import attack_folder
from robust_dml.evaluation.sample import example_order
from robust_dml.evaluation.score import score_model


def test_examples_agree_with_the_record_of_their_queries(make_study: MakeStudy) -> None:
    study = make_study()
    evaluate(study)
    with np.load(attack_folder(study.name, MODEL) / "examples.npz", allow_pickle=False) as stored:
        arrays = dict(stored)
    queries = result("pgd-0.05")["queries"]
    places = [queries["id"].index(i) for i in arrays["id"]]
    assert len(places) == 4
    assert places == sorted(example_order(len(queries["id"]), 4).tolist())  # alike for every model
    assert arrays["label"].tolist() == [queries["label"][place] for place in places]
    # images are kept in 65,536 levels
    assert shifts(arrays) == pytest.approx([queries["norm"][place] for place in places], abs=1e-5)
    assert arrays["neighbours_clean"][:, 0].tolist() == [queries["neighbour_clean"][place] for place in places]
    assert arrays["neighbours_adversarial"][:, 0].tolist() == [queries["neighbour_adversarial"][p] for p in places]
    shown = set(arrays["neighbours_clean"].flatten()) | set(arrays["neighbours_adversarial"].flatten())
    assert shown == set(arrays["neighbour_ids"])
    assert arrays["neighbour_images"].shape == (len(shown), 3, 8, 8) and arrays["neighbour_images"].dtype == np.uint8
    assert len(arrays["embedding_id"]) == len(queries["id"])
    moved = [queries["id"].index(i) for i in arrays["embedding_id"]]
    moves = np.linalg.norm(arrays["embedding_adversarial"] - arrays["embedding_clean"], axis=1)
    assert moves.tolist() == pytest.approx([queries["shift"][place] for place in moved], abs=1e-6)


def test_more_examples_need_no_network_and_keep_those_that_were_shown(
    make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluate(make_study())
    path = attack_folder("tiny", MODEL) / "examples.npz"
    with np.load(path) as stored:
        few = dict(stored)
    more = make_study(report={"headline": "pgd-0.05", "examples": 48})
    assert Passes(monkeypatch).of(lambda: score_model(more, MODEL)) == 0
    with np.load(path) as stored:
        many = dict(stored)
    assert len(many["id"]) == 48
    rows = [many["id"].tolist().index(i) for i in few["id"]]
    for name in ("label", "clean", "adversarial", "neighbours_clean", "neighbours_adversarial"):
        assert np.array_equal(many[name][rows], few[name])


def test_without_attacks_the_examples_are_clean(make_study: MakeStudy) -> None:
    evaluate(make_study(attacks={}, report={"examples": 3}))
    with np.load(attack_folder("tiny", MODEL) / "examples.npz") as stored:
        examples = dict(stored)
    assert shifts(examples) == pytest.approx([0, 0, 0], abs=1e-5)
