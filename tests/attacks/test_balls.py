"""Norm balls: projection, steepest ascent and random starts, for any images."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from robust_dml.attacks import Ball, L2Ball, LinfBall

BALLS = [LinfBall, L2Ball]
epsilons = st.floats(1e-4, 2.0)
seeds = st.integers(0, 2**31)


def draw(seed: int, *, low: float = 0.0, high: float = 1.0) -> Tensor:
    """Four images of 3 x 5 x 5."""
    generator = torch.Generator().manual_seed(seed)
    return low + (high - low) * torch.rand(4, 3, 5, 5, generator=generator, dtype=torch.float64)


def naive_norm(perturbation: Tensor, ball: Ball) -> list[float]:
    rows = [row.flatten().tolist() for row in perturbation]
    if isinstance(ball, LinfBall):
        return [max(abs(value) for value in row) for row in rows]
    return [sum(value * value for value in row) ** 0.5 for row in rows]


@pytest.mark.parametrize("kind", BALLS)
@given(epsilon=epsilons, seed=seeds)
def test_projection_is_allowed_and_leaves_allowed_images_alone(kind: type[Ball], epsilon: float, seed: int) -> None:
    ball = kind(epsilon)
    centre = draw(seed)
    projected = ball.project(draw(seed + 1, low=-1, high=2), centre)
    assert projected.min() >= 0 and projected.max() <= 1
    assert max(naive_norm(projected - centre, ball)) <= epsilon * (1 + 1e-12) + 1e-15
    torch.testing.assert_close(ball.project(projected, centre), projected, rtol=0, atol=1e-14)


@pytest.mark.parametrize("kind", BALLS)
@given(seed=seeds)
def test_size_is_the_norm(kind: type[Ball], seed: int) -> None:
    ball = kind(1.0)
    perturbation = draw(seed, low=-1)
    assert ball.size(perturbation).tolist() == pytest.approx(naive_norm(perturbation, ball))


@pytest.mark.parametrize("kind", BALLS)
@given(seed=seeds, scale=st.sampled_from([1e-300, 1e-30, 1.0, 1e30]))
def test_step_is_the_steepest_of_norm_one(kind: type[Ball], seed: int, scale: float) -> None:
    ball = kind(1.0)
    gradient = draw(seed, low=-1)
    step = ball.step(scale * gradient)
    assert naive_norm(step, ball) == pytest.approx([1.0] * 4)
    gain = (step * gradient).flatten(1).sum(1)
    dual = gradient.abs().flatten(1).sum(1) if kind is LinfBall else gradient.flatten(1).norm(dim=1)
    torch.testing.assert_close(gain, dual)


@pytest.mark.parametrize("kind", BALLS)
def test_step_of_a_gradient_that_is_zero_or_not_finite(kind: type[Ball]) -> None:
    gradient = torch.zeros(3, 3, 4, 4)
    gradient[1] = torch.nan
    gradient[2, 0, 0, 0] = torch.nan
    gradient[2, 0, 0, 1] = 2.0
    step = kind(1.0).step(gradient)
    assert not step[:2].any()
    assert step[2].nonzero().tolist() == [[0, 0, 1]]
    assert step[2].sum() == 1


@pytest.mark.parametrize("kind", BALLS)
@given(epsilon=epsilons, seed=seeds)
def test_random_images_are_allowed_and_differ(kind: type[Ball], epsilon: float, seed: int) -> None:
    ball = kind(epsilon)
    centre = draw(seed)
    sample_seeds = torch.arange(4) + seed
    start = ball.random(centre, seeds=sample_seeds)
    assert start.min() >= 0 and start.max() <= 1
    assert max(naive_norm(start - centre, ball)) <= epsilon * (1 + 1e-12)
    assert not torch.equal(start, ball.random(centre, seeds=sample_seeds, stream=1))
    assert not torch.equal(start, ball.random(centre, seeds=sample_seeds + 1))


@pytest.mark.parametrize("kind", BALLS)
def test_seeded_noise_does_not_depend_on_the_batch(kind: type[Ball]) -> None:
    ball, centre, sample_seeds = kind(0.3), draw(0), torch.tensor([5, 6, 7, 8])
    together = ball.random(centre, seeds=sample_seeds)
    backwards = ball.random(centre.flip(0), seeds=sample_seeds.flip(0)).flip(0)
    alone = torch.cat([ball.random(centre[i : i + 1], seeds=sample_seeds[i : i + 1]) for i in range(4)])
    assert torch.equal(together, backwards)
    assert torch.equal(together, alone)


def test_noise_is_uniform_in_the_cube_and_on_the_sphere() -> None:
    images = torch.full((20, 3, 20, 20), 0.5)
    sample_seeds = torch.arange(20)
    cube = LinfBall(0.2).noise(images, seeds=sample_seeds)
    assert cube.abs().max() <= 0.2
    assert float(cube.std()) == pytest.approx(0.2 / 3**0.5, rel=0.02)
    sphere = L2Ball(0.2).noise(images, seeds=sample_seeds)
    assert sphere.flatten(1).norm(dim=1).tolist() == pytest.approx([0.2] * 20, rel=1e-5)


@pytest.mark.parametrize("kind", BALLS)
@given(epsilon=epsilons, pixels=st.integers(1, 200))
def test_an_even_change_reaches_the_border(kind: type[Ball], epsilon: float, pixels: int) -> None:
    ball = kind(epsilon)
    change = torch.full((1, pixels), ball.evenly(pixels), dtype=torch.float64)
    assert naive_norm(change, ball) == pytest.approx([epsilon])


@pytest.mark.parametrize("kind", BALLS)
def test_noise_of_torch_follows_its_generator(kind: type[Ball]) -> None:
    torch.manual_seed(3)
    first = kind(0.1).random(draw(0))
    torch.manual_seed(3)
    assert torch.equal(first, kind(0.1).random(draw(0)))
