"""Which items attacks on rankings are about, and collapse of a score, against naive statements."""

from __future__ import annotations

import pytest
import torch

from robust_dml.attacks.ranking import choices
from robust_dml.attacks.ranking.ers import RankingScores, RobustnessScore, mean_cosine
from robust_dml.attacks.ranking.order import kendall_tau, order_loss
from robust_dml.attacks.ranking.top import top_match_loss
from robust_dml.runtime.randomness import sample_seeds

SIZE = 500
GALLERY = torch.nn.functional.normalize(
    torch.randn(SIZE, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(4))
)
LABELS = torch.arange(SIZE) // 5
OWN = torch.arange(0, SIZE, 17)
SAME = LABELS[OWN][:, None] == LABELS
SEEDS = sample_seeds(OWN, 0, "test")


def test_the_ranking_leaves_out_the_query_itself_and_is_sorted() -> None:
    found = choices.ranking(GALLERY[OWN], GALLERY, OWN)
    for query, order in zip(OWN.tolist(), found.tolist(), strict=True):
        distances = (GALLERY - GALLERY[query]).norm(dim=1)
        assert query not in order and len(order) == SIZE - 1
        assert (distances[order].diff() >= 0).all()


def test_draws_never_hit_the_query_unless_as_released() -> None:
    drawn = torch.cat([choices.anywhere(sample_seeds(OWN, k, "test"), 9, SIZE, OWN) for k in range(99)], 1)
    assert not (drawn == OWN[:, None]).any()
    assert drawn.min() == 0 and drawn.max() == SIZE - 1
    released = torch.cat([choices.anywhere(sample_seeds(OWN, k, "test"), 9, SIZE, None) for k in range(99)], 1)
    assert (released == OWN[:, None]).any()


def test_near_items_are_among_the_first_percent() -> None:
    neighbours = choices.ranking(GALLERY[OWN], GALLERY, OWN)
    found = choices.near(SEEDS, 5, neighbours, replacement=False)
    for row, first in zip(found.tolist(), neighbours[:, :5].tolist(), strict=True):
        assert sorted(row) == sorted(first)
    with pytest.raises(ValueError, match="at least 600 items"):
        choices.near(SEEDS, 6, neighbours, replacement=False)


def test_a_draw_is_a_function_of_the_query_alone() -> None:
    rows = torch.tensor([5, 2])
    assert choices.anywhere(SEEDS[rows], 3, SIZE, OWN[rows]).equal(choices.anywhere(SEEDS, 3, SIZE, OWN)[rows])


def test_kept_items_are_the_nearest_that_are_not_chosen() -> None:
    neighbours = choices.ranking(GALLERY[OWN], GALLERY, OWN)
    chosen = neighbours[:, 2:3]
    kept = choices.kept_beside(neighbours, chosen, raised=False)
    assert kept.equal(neighbours[:, [0, 1, 3, 4, 5]])
    assert choices.kept_beside(neighbours, chosen, raised=True).equal(neighbours[:, :5])


def test_the_nearest_item_of_another_class() -> None:
    neighbours = choices.ranking(GALLERY[OWN], GALLERY, OWN)
    found = choices.nearest_of_another_class(neighbours, SAME)
    for query, item in zip(OWN.tolist(), found.tolist(), strict=True):
        distances = (GALLERY - GALLERY[query]).norm(dim=1)
        others = [i for i in range(SIZE) if LABELS[i] != LABELS[query]]
        assert item == min(others, key=lambda i: distances[i])


def test_the_released_item_is_a_place_in_the_list_of_other_classes() -> None:
    neighbours = choices.ranking(GALLERY[OWN], GALLERY, OWN)
    found = choices.released_match(neighbours, LABELS)
    for order, item in zip(neighbours.tolist(), found.tolist(), strict=True):
        of_neighbour = LABELS[order[0]]
        subset = [i for i in range(SIZE) if LABELS[i] != of_neighbour]
        nearest = next(i for i in order if LABELS[i] != of_neighbour)
        assert item == subset.index(nearest)


def test_top_match_leaves_out_the_query_itself() -> None:
    x = GALLERY[OWN]
    for query, loss in zip(OWN.tolist(), top_match_loss(x, GALLERY, SAME, OWN).tolist(), strict=True):
        distances = (GALLERY - GALLERY[query]).norm(dim=1)
        own = [i for i in range(SIZE) if LABELS[i] == LABELS[query] and i != query]
        others = distances[LABELS[query] != LABELS]
        assert loss == pytest.approx(max(0.0, float(others.max() - distances[own].min())))


def test_the_order_of_items() -> None:
    x, wanted = torch.zeros(1, 1, dtype=torch.float64), torch.tensor([[[0.1], [0.3], [0.2]]], dtype=torch.float64)
    assert float(kendall_tau(x, wanted)) == pytest.approx((2 - 1) / 3)
    assert float(order_loss(x, wanted)) == pytest.approx(0.1 / 9)


def test_a_collapsed_model_scores_high_and_is_marked() -> None:
    collapsed = RankingScores(50, 50, 50, 50, tma=1.0, shift=0.0, es_recall=1, ltm=1, gtm=1, gtt=1)
    assert collapsed.ers() > 25
    assert RobustnessScore(collapsed.ers(), recall=0.5, chance=0.01, cosine=0.999).collapsed
    assert RobustnessScore(collapsed.ers(), recall=0.015, chance=0.01, cosine=0.3).collapsed
    assert not RobustnessScore(30.0, recall=0.5, chance=0.01, cosine=0.3).collapsed


def test_mean_cosine_of_different_items() -> None:
    few = GALLERY[:20]
    pairs = [float(few[i] @ few[j]) for i in range(20) for j in range(20) if i != j]
    assert mean_cosine(few) == pytest.approx(sum(pairs) / len(pairs))
