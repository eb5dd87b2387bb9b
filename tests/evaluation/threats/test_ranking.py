"""Ranking attacks as a threat: each number moves to its worst, the score is restated, and a collapse is flagged."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from evaluation.tiny_study import MODEL, MakeStudy
from robust_dml.attacks.ranking.poses import ATTACKS
from robust_dml.evaluation.readings import Reading
from robust_dml.evaluation.target import Target, load_target
from robust_dml.evaluation.threats.ranking import RankingOptions, measure_ranking
from robust_dml.runtime.errors import UserError

SCORED = ["ca-plus", "ca-minus", "qa-plus", "qa-minus", "tma", "es", "ltm", "gtm", "gtt"]
Found = dict[tuple[str, float, str], Reading]


def measured(target: Target, **options: Any) -> Found:
    chosen = RankingOptions(**{"epsilon": [0.1, 0.3], "steps": 4, "queries": 16, **options})
    return {(each.setting, each.level, each.metric): each for each in measure_ranking(target, chosen)}


@pytest.fixture
def target(make_study: MakeStudy) -> Target:
    return load_target(make_study(), MODEL)


@pytest.mark.parametrize("as_released", [False, True])
def test_every_attack_moves_its_number_to_the_worst(target: Target, as_released: bool) -> None:
    found = measured(target, as_released=as_released)
    for attack in ATTACKS.values():
        number, worst = next(iter(attack.worst.items()))
        before, after = (found[attack.label, level, number].value for level in (0.0, 0.3))
        assert abs(after - worst) <= abs(before - worst), attack.label
    if not as_released:  # which keeps the last iterate, even where one before was better
        assert found["ERS", 0.3, "ers"].value < found["ERS", 0.1, "ers"].value
    assert found["ERS", 0.3, "collapsed"].value == 0 and ("ERS", 0.0, "ers") not in found


def test_the_score_restated(target: Target) -> None:
    found = measured(target, attacks=SCORED, epsilon=0.2)

    def at(setting: str, number: str) -> float:
        return found[setting, 0.2, number].value

    terms = [
        *(2 * at("CA+", "rank"), 1 - at("CA-", "rank"), 2 * at("QA+", "rank"), 1 - at("QA-", "rank")),
        *(1 - at("TMA", "cosine"), (2 - at("ES", "shift")) / 2, at("ES", "recall@1")),
        *(at("LTM", "recall@1"), at("GTM", "recall@1"), at("GTT", "retain@4")),
    ]
    assert found["ERS", 0.2, "ers"].value == pytest.approx(sum(terms) / 10)
    assert ("ERS", 0.2, "ers") not in measured(target, attacks=["es"], epsilon=0.2)


def test_clean_numbers_restated(target: Target) -> None:
    found = measured(target, attacks=["tma"])
    unit = torch.nn.functional.normalize(target.gallery.embeddings.double())
    cosines = unit @ unit.T
    others = ~torch.eye(len(unit), dtype=torch.bool)
    assert found["clean", 0.0, "cosine"].value == pytest.approx(float(cosines[others].mean()))
    low, high = found["clean", 0.0, "recall@1"].low, found["clean", 0.0, "recall@1"].high
    assert low is not None and high is not None and low <= found["clean", 0.0, "recall@1"].value <= high


def test_a_collapsed_model_is_flagged_whatever_its_score(target: Target) -> None:
    corner = torch.zeros_like(target.gallery.embeddings[:1])
    corner[:, 0] = 100.0

    def embed(images: Tensor) -> Tensor:
        return target.embed(images) + corner

    gallery = target.gallery.embedded_as(target.gallery.embeddings + corner)
    assert measured(replace(target, embed=embed, queries=gallery, gallery=gallery), attacks=SCORED, steps=1)[
        "ERS", 0.3, "collapsed"
    ].value


def test_a_query_that_has_no_finite_embedding_is_lost(target: Target) -> None:
    calls: list[int] = []

    def embed(images: Tensor) -> Tensor:
        calls.append(len(images))
        return target.embed(images) * torch.nan

    found = measured(replace(target, embed=embed), attacks=["es", "ca-minus"], epsilon=0.1)
    assert calls and found["ES", 0.1, "recall@1"].value == 0 and found["ES", 0.1, "shift"].value == 2
    assert found["CA-", 0.1, "rank"].value == 1


def test_a_small_gallery_is_named(target: Target) -> None:
    small = target.gallery.rows(torch.arange(90))
    with pytest.raises(UserError, match="order: expected a gallery of at least 500 items, found 90; leave it out"):
        measured(replace(target, queries=small, gallery=small), attacks=["order"])
