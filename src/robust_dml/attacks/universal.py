"""One change for all images: a perturbation that is added to each, or a patch that covers a part of each.

Sources: Moosavi-Dezfooli et al., "Universal Adversarial Perturbations" (CVPR 2017); Li et al., "Universal Perturbation
Attack Against Image Retrieval" (ICCV 2019); Brown et al., "Adversarial Patch" (2017) for the expectation over places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from robust_dml.attacks.balls import Ball, LinfBall
from robust_dml.attacks.frozen import Embed
from robust_dml.attacks.objectives import Objective
from robust_dml.runtime.lazy import Tensor, torch
from robust_dml.runtime.randomness import sample_seeds, torch_generator, uniform

if TYPE_CHECKING:
    from collections.abc import Sequence

Place = Literal["anywhere", "centre", "corner"]
GREY = 0.5  # the pixel that changes nothing: the content of a change is an image (1, 3, h, w) in a ball around it
HASTE = 4  # the first step, in steps of the ball; the last is near zero


class Change(Protocol):
    """What is done to images, given its content (1, 3, h, w)."""

    @property
    def ball(self) -> Ball:
        """Where the content may be, around grey."""

    def shape(self, image: Sequence[int]) -> tuple[int, ...]:
        """Return the shape of the content for images (3, H, W)."""

    def apply(self, content: Tensor, images: Tensor, seeds: Tensor) -> Tensor:
        """Return changed images (B, 3, H, W) in [0, 1]; what is random is a function of the seeds (B,)."""


@dataclass(frozen=True)
class Addition:
    """One perturbation, added to every image. No pixel moves by more than one half."""

    ball: Ball

    def shape(self, image: Sequence[int]) -> tuple[int, ...]:
        return (1, *image)

    def apply(self, content: Tensor, images: Tensor, seeds: Tensor) -> Tensor:
        return (images + (content - GREY)).clamp(0, 1)


@dataclass(frozen=True)
class Patch:
    """One square of any pixels that covers a share of the area of every image, at one place or at random ones."""

    area: float
    place: Place = "anywhere"

    @property
    def ball(self) -> Ball:
        return LinfBall(GREY)

    def shape(self, image: Sequence[int]) -> tuple[int, ...]:
        channels, height, width = image
        side = min(height, width, round((self.area * height * width) ** 0.5))
        return (1, channels, side, side)

    def apply(self, content: Tensor, images: Tensor, seeds: Tensor) -> Tensor:
        side, changed = content.shape[-1], images.clone()
        free = torch.tensor([size - side for size in images.shape[2:]], device=images.device)
        for row, (top, left) in enumerate(self._corners(free, seeds).tolist()):
            changed[row, :, top : top + side, left : left + side] = content[0]
        return changed

    def _corners(self, free: Tensor, seeds: Tensor) -> Tensor:
        """Return the upper left corner (B, 2) of each patch, where `free` (2,) rows and columns are not covered."""
        if self.place == "anywhere":
            return (uniform(seeds, (2,)) * (free + 1)).long().minimum(free)
        return (free // 2 if self.place == "centre" else free).expand(len(seeds), 2)


@dataclass(frozen=True)
class Lesson:
    """The images that a change is learned on, all of one model: `images` returns those at positions (B,)."""

    embed: Embed
    images: Callable[[Tensor], Tensor]
    ids: Tensor
    seed: int
    batch: int = 64

    def batches(self, steps: int) -> Iterator[Tensor]:
        """Yield the positions of each step's batch, every image once before any comes again."""
        rows: list[Tensor] = []
        for step in range(steps):
            if not rows:
                order = torch.randperm(len(self.ids), generator=torch_generator(self.seed, "universal", step))
                rows = list(torch.split(order.to(self.ids.device), self.batch))
            yield rows.pop()


def random_content(change: Change, image: Tensor, seed: int) -> Tensor:
    """Return a random content at the border of its ball, for images like `image` (3, H, W), a function of the seed."""
    ball, grey = change.ball, torch.full(change.shape(image.shape), GREY, device=image.device)
    seeds = sample_seeds(torch.zeros(1, dtype=torch.long, device=image.device), seed, "random content")
    return ball.project(grey + ball.epsilon * ball.step(ball.noise(grey, seeds=seeds)), grey)


def learn(change: Change, content: Tensor, lesson: Lesson, objective: Objective, steps: int) -> Tensor:
    """Return the content after steps along the gradient of the mean of an objective of all images of the lesson (N,).

    Steps fall linearly to zero. Where a patch is anywhere, places are drawn again for each image and step.
    """
    size, grey = HASTE * change.ball.step_size(steps), torch.full_like(content, GREY)
    for step, rows in enumerate(lesson.batches(steps)):
        seeds = sample_seeds(lesson.ids[rows], lesson.seed, "universal", step)
        content = content.detach().requires_grad_()
        with torch.enable_grad():
            embeddings = lesson.embed(change.apply(content, lesson.images(rows), seeds))
            (gradient,) = torch.autograd.grad(objective.rows(rows)(embeddings).mean(), content)
        moved = content.detach() + size * (1 - step / steps) * change.ball.step(gradient)
        content = change.ball.project(moved, grey)
    return content.detach()
