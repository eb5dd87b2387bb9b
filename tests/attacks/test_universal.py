"""One change for all images against known answers and loops."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from robust_dml.attacks.balls import L2Ball, LinfBall
from robust_dml.attacks.objectives import repel
from robust_dml.attacks.universal import GREY, Addition, Change, Lesson, Patch, learn, random_content

SEEDS = torch.arange(6)


def images(count: int = 6) -> Tensor:
    return torch.rand(count, 3, 8, 10, generator=torch.Generator().manual_seed(0))


def linear(weights: Tensor) -> object:
    return lambda batch: batch.flatten(1) @ weights.flatten()[:, None]


@pytest.mark.parametrize("ball", [LinfBall(0.05), L2Ball(0.5)])
def test_99_percent_of_the_optimum_of_a_linear_embedding(ball: LinfBall | L2Ball) -> None:
    """The perturbation that moves every image farthest along a line is epsilon times the step along the weights."""
    weights = torch.randn(1, 3, 8, 10, generator=torch.Generator().manual_seed(1))
    embed, batch = linear(weights), 0.3 + 0.4 * images()
    lesson = Lesson(embed, lambda rows: batch[rows], SEEDS, 0, batch=4)
    change = Addition(ball)
    content = learn(change, random_content(change, batch[0], 0), lesson, repel(embed(batch)), 60)
    optimum = float((weights * ball.epsilon * ball.step(weights)).sum())
    assert abs(float((weights * (content - GREY)).sum())) >= 0.99 * optimum
    assert float(ball.size(content - GREY)) <= ball.epsilon * (1 + 1e-5)


def test_a_patch_at_one_place_reaches_the_optimum() -> None:
    """Away from the clean embedding, every pixel of the patch is black or white, whichever side moves more."""
    weights = torch.randn(1, 3, 8, 10, generator=torch.Generator().manual_seed(1))
    embed, batch, change = linear(weights), images(), Patch(0.2, "corner")
    lesson = Lesson(embed, lambda rows: batch[rows], SEEDS, 0)
    content = learn(change, random_content(change, batch[0], 0), lesson, repel(embed(batch)), 60)
    covered = weights[:, :, 4:, 6:]
    optima = [torch.where(sign * covered > 0, 1.0, 0.0) for sign in (1, -1)]
    assert any(float((content - best).abs().max()) < 1e-4 for best in optima)


def test_nothing_changes_with_grey_and_an_addition_stays_among_pixels() -> None:
    batch, change = images(), Addition(LinfBall(0.3))
    assert torch.equal(change.apply(torch.full((1, 3, 8, 10), GREY), batch, SEEDS), batch)
    content = random_content(change, batch[0], 0)
    assert torch.equal(content, random_content(change, batch[0], 0)) and content.shape == (1, 3, 8, 10)
    torch.testing.assert_close((content - GREY).abs(), torch.full_like(content, 0.3))
    expected = (batch + content - GREY).clamp(0, 1)
    torch.testing.assert_close(change.apply(content, batch, SEEDS), expected)


@pytest.mark.parametrize("place", ["anywhere", "centre", "corner"])
def test_a_patch_covers_a_square_and_nothing_else(place: str) -> None:
    batch, change = images(), Patch(0.1, place)  # type: ignore[arg-type]
    content = 2 + torch.rand(change.shape(batch[0].shape))
    assert content.shape == (1, 3, 3, 3)  # 9 of 80 pixels
    changed = change.apply(content, batch, SEEDS)
    places = set()
    for before, after in zip(batch, changed, strict=True):
        covered = (after >= 2).all(0)
        rows, columns = torch.nonzero(covered.any(1)).flatten(), torch.nonzero(covered.any(0)).flatten()
        assert torch.equal(after[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], content[0])
        assert int(covered.sum()) == 9 and torch.equal(after[:, ~covered], before[:, ~covered])
        places.add((int(rows[0]), int(columns[0])))
    assert {"centre": places == {(2, 3)}, "corner": places == {(5, 7)}, "anywhere": len(places) > 3}[place]


def test_an_image_has_the_same_place_in_any_batch() -> None:
    batch, change = images(), Patch(0.1)
    content = torch.zeros(change.shape(batch[0].shape))
    assert torch.equal(change.apply(content, batch[3:], SEEDS[3:]), change.apply(content, batch, SEEDS)[3:])


def test_batches_show_every_image_once_before_any_comes_again() -> None:
    lesson = Lesson(lambda x: x, lambda rows: rows, torch.arange(10), 0, batch=4)
    rows = list(lesson.batches(6))
    assert sorted(torch.cat(rows[:3]).tolist()) == sorted(torch.cat(rows[3:]).tolist()) == list(range(10))
    assert torch.cat(rows[:3]).tolist() != torch.cat(rows[3:]).tolist()


@pytest.mark.parametrize("change", [Addition(LinfBall(0.1)), Patch(0.1)])
def test_a_random_change_of_two_seeds_differs(change: Change) -> None:
    assert not torch.equal(*(random_content(change, images()[0], seed) for seed in (0, 1)))
