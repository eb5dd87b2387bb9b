"""The perturbations that are allowed: a norm ball around an image, cut to pixels in [0, 1].

Optimisers are independent of the norm: all that depends on it is here (after MadryLab/robustness, attack_steps.py).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from robust_dml.runtime import randomness
from robust_dml.runtime.lazy import Tensor, torch

LINF_TAU = 0.95


class Ball(Protocol):
    """All images within `epsilon` of a centre; images are (B, ...) with pixels in [0, 1]."""

    @property
    def epsilon(self) -> float:
        """The radius, in pixels of [0, 1]."""

    def project(self, images: Tensor, centre: Tensor) -> Tensor:
        """Return the allowed images nearest to `images`: into the ball around `centre`, then into [0, 1]."""

    def step(self, gradient: Tensor) -> Tensor:
        """Return the direction of steepest ascent, of norm 1; zero where the gradient is zero or not finite."""

    def noise(self, images: Tensor, *, seeds: Tensor | None = None, stream: int = 0) -> Tensor:
        """Return random perturbations in the ball, not clipped to [0, 1].

        They are a function of `seeds` (B,) and `stream`, or come from torch's generator if there are no seeds.
        """

    def random(self, images: Tensor, *, seeds: Tensor | None = None, stream: int = 0) -> Tensor:
        """Return `images` plus `noise`, projected into the ball and [0, 1]."""

    def size(self, perturbation: Tensor) -> Tensor:
        """Return the norm of each perturbation, float64 (B,)."""

    def step_size(self, steps: int) -> float:
        """Return the default length of each of `steps` steps from a random start."""

    def evenly(self, pixels: int) -> float:
        """Return the change that, made to each of `pixels` values, reaches the border of the ball."""

    def penalty(self, perturbation: Tensor) -> Tensor:
        """Return the penalty (B,) by which Carlini & Wagner replace the bound, in units of epsilon."""


@dataclass(frozen=True)
class LinfBall:
    """No pixel moves by more than `epsilon`."""

    epsilon: float

    def project(self, images: Tensor, centre: Tensor) -> Tensor:
        return torch.clamp(images, centre - self.epsilon, centre + self.epsilon).clamp_(0, 1)

    def step(self, gradient: Tensor) -> Tensor:
        return torch.nan_to_num(gradient, 0.0, 0.0, 0.0).sign_()

    def noise(self, images: Tensor, *, seeds: Tensor | None = None, stream: int = 0) -> Tensor:
        """Draw uniformly from the cube."""
        if seeds is None:
            draws = torch.rand_like(images)
        else:
            draws = randomness.uniform(seeds, images.shape[1:], stream=stream).to(images)
        return self.epsilon * (2 * draws - 1)

    def random(self, images: Tensor, *, seeds: Tensor | None = None, stream: int = 0) -> Tensor:
        return self.project(images + self.noise(images, seeds=seeds, stream=stream), images)

    def size(self, perturbation: Tensor) -> Tensor:
        return perturbation.double().abs().flatten(1).amax(1)

    def step_size(self, steps: int) -> float:
        """Return 2 epsilon / steps, as in the released code: a pixel can just cross the cube."""
        return 2 * self.epsilon / steps

    def evenly(self, pixels: int) -> float:
        return self.epsilon

    def penalty(self, perturbation: Tensor) -> Tensor:
        """Return the mean excess of pixels above LINF_TAU * epsilon, divided by epsilon; the paper uses the sum."""
        return ((perturbation.abs() - LINF_TAU * self.epsilon).clamp_min(0) / self.epsilon).flatten(1).mean(1)


@dataclass(frozen=True)
class L2Ball:
    """The Euclidean norm of the perturbation of an image is at most `epsilon`."""

    epsilon: float

    def project(self, images: Tensor, centre: Tensor) -> Tensor:
        perturbation = images - centre
        # In float64: where all pixels change by the same, the float32 norm is wrong in the fifth digit.
        norm = torch.linalg.vector_norm(perturbation.flatten(1), dim=1, dtype=torch.float64)
        shrink = (self.epsilon / norm.clamp_min(torch.finfo(norm.dtype).tiny)).clamp_max(1).to(images.dtype)
        return (centre + perturbation * _per_sample(shrink, images)).clamp_(0, 1)

    def step(self, gradient: Tensor) -> Tensor:
        return _unit(torch.nan_to_num(gradient, 0.0, 0.0, 0.0))

    def noise(self, images: Tensor, *, seeds: Tensor | None = None, stream: int = 0) -> Tensor:
        """Draw uniformly from the sphere, where almost all of a ball in thousands of dimensions lies."""
        if seeds is None:
            draws = torch.randn_like(images)
        else:
            draws = randomness.normal(seeds, images.shape[1:], stream=stream).to(images)
        return self.epsilon * _unit(draws)

    def random(self, images: Tensor, *, seeds: Tensor | None = None, stream: int = 0) -> Tensor:
        return self.project(images + self.noise(images, seeds=seeds, stream=stream), images)

    def size(self, perturbation: Tensor) -> Tensor:
        norm: Tensor = torch.linalg.vector_norm(perturbation.double().flatten(1), dim=1)
        return norm

    def step_size(self, steps: int) -> float:
        """Return 4 epsilon / steps, twice the l_inf step, because progress along the sphere slows down."""
        return 4 * self.epsilon / steps

    def evenly(self, pixels: int) -> float:
        return self.epsilon / math.sqrt(pixels)

    def penalty(self, perturbation: Tensor) -> Tensor:
        """Return the squared norm of each perturbation, divided by epsilon squared."""
        return (perturbation / self.epsilon).square().flatten(1).sum(1)


BALLS: dict[str, type[LinfBall] | type[L2Ball]] = {"linf": LinfBall, "l2": L2Ball}


def _unit(vectors: Tensor) -> Tensor:
    """Return each sample divided by its norm, and first by its largest entry, so that squares do not underflow."""
    tiny = torch.finfo(vectors.dtype).tiny
    vectors = vectors / _per_sample(vectors.abs().flatten(1).amax(1).clamp_min(tiny), vectors)
    return vectors / _per_sample(torch.linalg.vector_norm(vectors.flatten(1), dim=1).clamp_min(tiny), vectors)


def _per_sample(values: Tensor, like: Tensor) -> Tensor:
    return values.view(-1, *[1] * (like.dim() - 1))
