"""PGD: the analytic optimum, which iterate is kept, early stopping, and what it leaves behind."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from attacks.networks import images, small
from robust_dml.attacks import Ball, L2Ball, LinfBall, apgd, pgd
from robust_dml.attacks.objectives import Objective, margin, repel
from robust_dml.retrieval import Items


def linear(d: int, seed: int = 0) -> Tensor:
    """A linear embedding of 3 x 6 x 6 pixels into d dimensions."""
    return torch.randn(3 * 6 * 6, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def grey(count: int = 4) -> Tensor:
    """Images so far from 0 and 1 that the ball alone binds."""
    return 0.5 + 0.1 * (images(count, 6) - 0.5)


class Counting:
    """Counts the forward passes of an embedding."""

    def __init__(self, embed: nn.Module) -> None:
        self.embed, self.calls = embed, 0

    def __call__(self, batch: Tensor) -> Tensor:
        self.calls += 1
        return self.embed(batch)


@pytest.mark.parametrize("attack", [pgd, apgd])
@pytest.mark.parametrize(("ball", "order"), [(LinfBall(0.03), 1), (L2Ball(0.3), 2)])
def test_optimum_of_a_linear_embedding_into_one_dimension(attack: Any, ball: Ball, order: int) -> None:
    weights, x = linear(1), grey()
    found = attack(lambda batch: batch.flatten(1) @ weights, x, repel(x.flatten(1) @ weights), ball, steps=20)
    shift = ((found - x).flatten(1) @ weights).abs()
    best = ball.epsilon * torch.linalg.vector_norm(weights, ord=order)  # the dual norm
    assert (shift <= best * (1 + 1e-9)).all()
    assert (shift >= 0.99 * best).all()


@pytest.mark.parametrize("attack", [pgd, apgd])
def test_optimum_of_a_linear_embedding_under_l2(attack: Any) -> None:
    left, _, right = torch.linalg.svd(linear(5), full_matrices=False)
    weights, x = left @ torch.diag(torch.tensor([8.0, 4.0, 2.0, 1.0, 0.5]).double()) @ right, grey()
    found = attack(lambda batch: batch.flatten(1) @ weights, x, repel(x.flatten(1) @ weights), L2Ball(0.3), steps=100)
    shift = ((found - x).flatten(1) @ weights).norm(dim=1)
    best = 0.3 * 8.0  # the largest singular value
    assert (shift <= best * (1 + 1e-9)).all()
    assert (shift >= 0.99 * best).all()


@pytest.mark.parametrize("ball", [LinfBall(0.05), L2Ball(0.5)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_result_is_allowed_and_keeps_type(ball: Ball, dtype: torch.dtype) -> None:
    model, x = small(dtype=dtype), images(dtype=dtype)
    found = pgd(model, x, repel(model(x)), ball, steps=5, restarts=2)
    assert found.dtype == dtype
    assert not found.requires_grad
    assert (ball.size(found - x) <= ball.epsilon + 1e-6).all()
    assert found.min() >= 0 and found.max() <= 1


def test_best_iterate_is_at_least_as_good_as_every_iterate() -> None:
    model, x, ball = small(), images(), LinfBall(0.2)
    objective, start = repel(model(x)), ball.random(x)
    size = 0.15  # so coarse that the objective falls now and then
    values = [
        objective(model(pgd(model, x, objective, ball, steps=n, step_size=size, start=start, keep="last")))
        for n in range(1, 9)
    ]
    best = objective(model(pgd(model, x, objective, ball, steps=8, step_size=size, start=start)))
    torch.testing.assert_close(best, torch.stack(values).amax(0))
    assert (best > values[-1]).any()


def test_more_restarts_are_never_weaker() -> None:
    model, x, ball = small(), images(), LinfBall(0.1)
    objective = repel(model(x))

    def start(restart: int) -> Tensor:
        return ball.random(x, seeds=torch.arange(len(x)), stream=restart)

    values = [objective(model(pgd(model, x, objective, ball, steps=3, restarts=n, start=start))) for n in (1, 2, 4)]
    assert (values[0] <= values[1]).all() and (values[1] <= values[2]).all()
    assert (values[0] < values[2]).any()


def test_restarts_after_a_given_start_are_random() -> None:
    model, x, ball = small(), images(), LinfBall(0.1)
    objective = repel(model(x))
    once = objective(model(pgd(model, x, objective, ball, steps=2, start=x)))
    torch.manual_seed(0)
    thrice = objective(model(pgd(model, x, objective, ball, steps=2, restarts=3, start=x)))
    assert (thrice >= once).all()
    assert (thrice > once).any()


@pytest.mark.parametrize(("keep", "restarts", "calls"), [("last", 1, 4), ("best", 1, 5), ("last", 2, 10)])
def test_forward_passes(keep: Any, restarts: int, calls: int) -> None:
    model, x = small(), images()
    counting = Counting(model)
    pgd(counting, x, repel(model(x)), LinfBall(0.1), steps=4, restarts=restarts, keep=keep)
    assert counting.calls == calls


def test_a_sample_does_not_depend_on_its_batch() -> None:
    model, x, ball = small(), images(), L2Ball(0.5)
    references, start = model(x).detach(), ball.random(x)
    together = pgd(model, x, repel(references), ball, steps=5, start=start)
    alone = [
        pgd(model, x[i : i + 1], repel(references[i : i + 1]), ball, steps=5, start=start[i : i + 1]) for i in range(6)
    ]
    torch.testing.assert_close(together, torch.cat(alone), rtol=0, atol=1e-9)


def gallery_margin(embeddings: Tensor) -> Objective:
    items = Items(embeddings, torch.arange(len(embeddings)) % 2, torch.arange(len(embeddings)))
    return margin(items, items)


def test_until_breaks_the_same_queries_with_less_work() -> None:
    model, x, ball = small(), images(12), LinfBall(0.02)
    objective, start = gallery_margin(model(x).detach()), ball.random(x)
    seen: list[int] = []

    def embed(batch: Tensor) -> Tensor:
        seen.append(len(batch))
        return model(batch)

    whole = pgd(model, x, objective, ball, steps=10, start=start)
    early = pgd(embed, x, objective, ball, steps=10, start=start, until=objective)
    assert torch.equal(objective(model(early)) > 0, objective(model(whole)) > 0)
    assert seen == sorted(seen, reverse=True)
    assert seen[-1] < seen[0] == 12
    assert (ball.size(early - x) <= ball.epsilon + 1e-12).all()


def test_until_ends_when_nothing_stands() -> None:
    model, x = small(), images()
    objective = repel(model(x).detach())  # above zero as soon as anything moves
    counting = Counting(model)
    pgd(counting, x, objective, LinfBall(0.1), steps=50, restarts=3, until=objective)
    assert counting.calls == 2  # nothing is settled at the start itself, everything one step later


@pytest.mark.parametrize("restarts", [1, 3])
def test_values_that_are_not_numbers_keep_the_first_image_at_which_they_were(restarts: int) -> None:
    model, x, ball = small(), images(), LinfBall(0.1)
    references, start = model(x).detach().clone(), ball.random(x)
    references[2] = torch.nan
    found = pgd(model, x, repel(references), ball, steps=3, restarts=restarts, start=start)
    assert torch.equal(found[2], start[2])  # without a gradient it stays where it starts
    others = torch.tensor([0, 1, 3, 4, 5])
    assert (repel(references[others])(model(found[others])) > 0.01).all()


def test_a_sample_without_gradient_stays_where_it_starts() -> None:
    x, ball = images(), LinfBall(0.1)
    start = ball.random(x)
    found = pgd(lambda batch: (0 * batch).flatten(1), x, repel(torch.ones(6, 432).double()), ball, steps=3, start=start)
    assert torch.equal(found, start)


def test_model_is_left_as_it_was() -> None:
    model, x = small().train(), images()
    model.features[0].weight.requires_grad_(False)
    modes, before = model.training, {k: v.clone() for k, v in model.state_dict().items()}
    pgd(model, x, repel(torch.zeros(6, 8).double()), LinfBall(0.1), steps=2)
    assert model.training is modes
    assert not model.features[0].weight.requires_grad and model.features[3].weight.requires_grad
    assert all(parameter.grad is None for parameter in model.parameters())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_images_are_not_changed_in_place() -> None:
    model, x = small(), images()
    before = x.clone()
    pgd(model, x, repel(model(x)), LinfBall(0.1), steps=2, start=x)
    assert torch.equal(x, before)


@pytest.mark.parametrize("wrong", [{"steps": 0}, {"steps": 1, "restarts": 0}])
def test_counts_below_one_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        pgd(small(), images(), repel(torch.zeros(6, 8)), LinfBall(0.1), **wrong)
