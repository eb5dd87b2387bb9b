"""Promotion and demotion against known answers: a linear embedding, and a study."""

from __future__ import annotations

from functools import partial
from typing import Literal

import pytest
import torch
from torch import Tensor

from evaluation.tiny_study import MODEL, MakeStudy
from robust_dml.attacks.balls import LinfBall
from robust_dml.attacks.climbs import Climbs, at_widths
from robust_dml.attacks.placement import placement
from robust_dml.evaluation.target import load_target
from robust_dml.evaluation.threats.candidate import CandidateOptions, candidates, measure_candidate
from robust_dml.retrieval import Items
from robust_dml.runtime.errors import UserError

Aim = Literal["promote", "demote"]
PIXELS = 12


def items(positions: Tensor, label: int, first: int) -> Items:
    return Items(
        positions[:, None],
        torch.full((len(positions),), label),
        torch.arange(first, first + len(positions)),
    )


@pytest.mark.parametrize("aim", ["promote", "demote"])
@pytest.mark.parametrize("seed", range(4))
def test_99_percent_of_the_optimum_of_a_linear_embedding(aim: Aim, seed: int) -> None:
    """The candidate reaches every place up to epsilon times the sum of the absolute weights away, and no other."""
    generator = torch.Generator().manual_seed(seed)
    weights = torch.randn(PIXELS, generator=generator)
    image = 0.5 + 0.1 * torch.rand(1, 1, 1, PIXELS, generator=generator)

    def embed(batch: Tensor) -> Tensor:
        return batch.flatten(1) @ weights[:, None]

    place, reach = embed(image)[0, 0], 0.05 * float(weights.abs().sum())
    spread = reach * torch.randn(8, generator=generator)
    queries = items(place + spread, 0, 100)
    rivals = place + 3 * reach * torch.randn(200, generator=generator)
    gallery = items(torch.cat([place[None], rivals]), 0, 200)
    ranks = partial(placement, queries, gallery, torch.tensor([0]), torch.tensor([0]), aim, most=8)
    judged = ranks()
    every = torch.linspace(float(place) - reach, float(place) + reach, 4001)[:, None]
    shares = torch.stack([judged.percentiles(at[None]).mean() for at in every])
    climbs = Climbs(embed, image, torch.tensor([seed]), 60, at_widths(ranks), judged)
    moved = climbs.best(image, LinfBall(0.05))
    found = float(judged.percentiles(embed(moved)).mean())
    assert float((moved - image).abs().max()) <= 0.05 + 1e-6
    assert torch.equal(climbs.best(image, LinfBall(0.0)), image)
    if aim == "demote":
        assert found >= 0.99 * float(shares.max())
    else:
        assert 1 - found >= 0.99 * (1 - float(shares.min()))


def test_a_class_has_queries_in_both_halves() -> None:
    gallery = Items(torch.randn(12, 2), torch.arange(12) % 4, torch.arange(12))
    one = gallery.rows(torch.tensor([0, 1, 2]))  # classes 0, 1, 2
    other = gallery.rows(torch.tensor([5, 6, 7]))  # classes 1, 2, 3
    places, classes = candidates(gallery, one, other, "demote", 9, 0)
    assert set(classes.tolist()) == {1, 2} and torch.equal(classes, gallery.labels[places])
    places, classes = candidates(gallery, one, other, "promote", 99, 0)
    assert len(places) == 12 and set(classes.tolist()) == {1, 2}
    assert bool((classes != gallery.labels[places]).all())
    with pytest.raises(UserError, match="found none with two that serve"):
        candidates(gallery, one, other.rows(torch.tensor([2])), "promote", 9, 0)


def test_readings_of_a_model(make_study: MakeStudy) -> None:
    target = load_target(make_study(), MODEL)
    options = CandidateOptions(epsilon=[0.1, 0.3], steps=5, candidates=4)
    found = {(each.setting, each.level, each.metric): each for each in measure_candidate(target, options)}
    assert len(found) == 2 * 3 * 2
    for each in found.values():
        assert each.low is not None and each.high is not None and 0 <= each.low <= each.value <= each.high <= 1
    promoted, demoted = ([found[aim, e, "percentile"].value for e in (0.0, 0.1, 0.3)] for aim in ("promote", "demote"))
    assert promoted[2] < promoted[0] and demoted[2] > demoted[0]
    assert found["promote", 0.3, "shown"].value >= found["promote", 0.0, "shown"].value
