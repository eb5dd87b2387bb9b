"""Evasion and collision of near-duplicate detection against known answers: linear embeddings, loops, and a study."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from evaluation.tiny_study import MODEL, MakeStudy
from robust_dml.attacks.balls import LinfBall
from robust_dml.attacks.climbs import Climbs
from robust_dml.attacks.objectives import attract, repel
from robust_dml.evaluation.target import load_target
from robust_dml.evaluation.threats.near_duplicate import (
    NearDuplicateOptions,
    called_copies,
    chosen_threshold,
    measure_near_duplicate,
    of_another_class,
)
from robust_dml.retrieval import Items
from robust_dml.runtime.errors import UserError

EPSILON = 0.04


@pytest.mark.parametrize("seed", range(3))
def test_99_percent_of_the_optimum_of_a_linear_embedding(seed: int) -> None:
    """An image moves by epsilon times the sum of the absolute weights at most, away from itself or to another."""
    generator = torch.Generator().manual_seed(seed)
    weights = torch.randn(12, generator=generator)
    images = 0.3 + 0.4 * torch.rand(6, 1, 1, 12, generator=generator)

    def embed(batch: Tensor) -> Tensor:
        return batch.flatten(1) @ weights[:, None]

    original, reach = embed(images), EPSILON * float(weights.abs().sum())
    other = original + reach * torch.linspace(-2, 2, 6)[:, None]
    seeds = torch.arange(6)
    away, towards = (Climbs(embed, images, seeds, 40, [each], each) for each in (repel(original), attract(other)))
    gone, come = away.best(images, LinfBall(EPSILON)), towards.best(images, LinfBall(EPSILON))
    for moved in (gone, come):
        assert float((moved - images).abs().max()) <= EPSILON + 1e-6
    assert bool(((embed(gone) - original).abs() >= 0.99 * reach).all())
    needed = ((other - original).abs() - reach).clamp_min(0)
    assert bool(((embed(come) - other).abs() <= needed + 0.01 * reach).all())
    assert torch.equal(away.best(images, LinfBall(0.0)), images)


def test_the_threshold_keeps_to_the_rate_of_false_alarms() -> None:
    generator = torch.Generator().manual_seed(0)
    items = Items(torch.randn(40, 3, generator=generator), torch.arange(40) % 5, torch.arange(40))
    pairs = [(a, b) for a in range(40) for b in range(40) if items.labels[a] != items.labels[b]]
    distances = [float((items.embeddings[a] - items.embeddings[b]).norm()) for a, b in pairs]
    for rate in (0.0, 0.01, 0.3):
        threshold, alarms = chosen_threshold(items, rate)
        assert (
            alarms == pytest.approx(sum(each < threshold - 1e-6 for each in distances) / len(pairs)) and alarms <= rate
        )
        above = min(each for each in distances if each > threshold + 1e-6)
        assert sum(each < above - 1e-6 for each in distances) / len(pairs) > rate
    with pytest.raises(UserError, match="found one class"):
        chosen_threshold(items.rows(torch.tensor([0, 5, 10])), 0.1)


def test_another_class_is_chosen_evenly() -> None:
    gallery = Items(torch.zeros(9, 1), torch.arange(9) % 3, torch.arange(9))
    items = Items(torch.zeros(600, 1), torch.ones(600, dtype=torch.long), torch.arange(600))
    chosen = of_another_class(items, gallery, torch.arange(600))
    assert set(chosen.tolist()) == {0, 2, 3, 5, 6, 8}
    assert int(torch.bincount(chosen)[[0, 2, 3, 5, 6, 8]].min()) > 60


def test_an_image_that_cannot_be_embedded_is_a_success_of_the_attacker() -> None:
    images = torch.zeros(2, 1)
    answers = [called_copies(lambda x: x * torch.nan, images, torch.zeros(2, 1), 1.0, failed=f) for f in (False, True)]
    assert answers[0].tolist() == [False, False] and answers[1].tolist() == [True, True]


def test_shares_grow_with_epsilon_and_nothing_changes_at_0(make_study: MakeStudy) -> None:
    target = load_target(make_study(), MODEL)
    options = NearDuplicateOptions(epsilon=[0.02, 0.1], steps=6, images=12, false_alarms=0.01)
    found = {
        (each.setting, each.level): each for each in measure_near_duplicate(target, options) if each.metric == "broken"
    }
    evasion, collision, random = (
        [found[setting, level].value for level in (0.0, 0.02, 0.1)]
        for setting in ("evasion", "collision", "random copy")
    )
    assert evasion[0] == random[0] == 0 and evasion[2] > random[2]
    assert evasion == sorted(evasion) and collision == sorted(collision) and evasion[2] > 0.5
