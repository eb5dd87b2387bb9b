"""The ranking attacks by name: each moves the number that it is about, on images of four classes."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from torch import Tensor

from robust_dml.attacks.balls import LinfBall
from robust_dml.attacks.optimisers.pgd import pgd
from robust_dml.attacks.ranking.ers import scores_of
from robust_dml.attacks.ranking.posed import Asked
from robust_dml.attacks.ranking.poses import ATTACKS, ERS_NUMBERS
from robust_dml.retrieval.items import Items
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.randomness import sample_seeds

SIZE, PIXELS = 600, 24
GENERATOR = torch.Generator().manual_seed(5)
LABELS = torch.arange(SIZE) % 4
MEANS = torch.rand(4, PIXELS, generator=GENERATOR)
IMAGES = (MEANS[LABELS] + 0.3 * torch.randn(SIZE, PIXELS, generator=GENERATOR)).clamp(0, 1)
WEIGHT = torch.randn(PIXELS, 8, generator=GENERATOR)
OWN = torch.arange(0, SIZE, 20)
ALL = torch.arange(SIZE)


def embed(images: Tensor) -> Tensor:
    return (images - 0.5) @ WEIGHT


def asked(*, as_released: bool = False) -> Asked:
    gallery = Items(embed(IMAGES), LABELS, ALL)
    return Asked(gallery.rows(OWN), gallery, sample_seeds(OWN, 0, "test"), as_released)


@cache
def outcome(name: str, *, as_released: bool = False) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The numbers (Q,) of an attack before and after it."""
    torch.manual_seed(0)
    posed = ATTACKS[name].pose(asked(as_released=as_released))
    moved = pgd(embed, IMAGES[OWN], posed, LinfBall(0.1), steps=10)
    return posed.scores(embed(IMAGES[OWN])), posed.scores(embed(moved))


@pytest.mark.parametrize("as_released", [False, True])
@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_moves_its_number_towards_the_worst(name: str, as_released: bool) -> None:
    before, after = outcome(name, as_released=as_released)
    assert set(before) == set(after) == set(ATTACKS[name].worst)
    number, worst = next(iter(ATTACKS[name].worst.items()))
    assert (after[number] - worst).abs().mean() < (before[number] - worst).abs().mean()


@pytest.mark.parametrize("name", ["spqa-plus", "spqa-minus"])
def test_kept_items_fall_less_than_without_their_term(name: str) -> None:
    plain, held = ATTACKS[name.removeprefix("sp")], ATTACKS[name]
    torch.manual_seed(0)
    moved = pgd(embed, IMAGES[OWN], plain.pose(asked()), LinfBall(0.1), steps=10)
    without = held.pose(asked()).scores(embed(moved))["kept-rank"]
    assert outcome(name)[1]["kept-rank"].mean() < without.mean()


def test_the_score_of_the_attacks_falls() -> None:
    before, after = (
        scores_of([float(outcome(name)[when][number].mean()) for name, number in ERS_NUMBERS]).ers() for when in (0, 1)
    )
    assert 0 < after < before


def test_queries_are_items_of_the_gallery() -> None:
    gallery = Items(embed(IMAGES), LABELS, ALL)
    strange = Asked(
        Items(gallery.embeddings[:2], LABELS[:2], ALL[:2] + SIZE), gallery, sample_seeds(ALL[:2], 0, "test")
    )
    with pytest.raises(UserError, match="a gallery that holds the queries"):
        ATTACKS["gtt"].pose(strange)
