"""Gaussian smoothing of an embedding, and how far it certifies that the nearest neighbour of a query stays right.

The smoothed embedding g(x) is the mean of h(x + sigma z) over normal z, where h is the model with embeddings on the
unit sphere. It moves by at most sqrt(2 / pi) / sigma times as much as the image, in the Euclidean norm.

Source: RetrievalGuard (Wu, Zhang and Huang, ICML 2022).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from robust_dml.attacks.frozen import Embed
from robust_dml.retrieval.distances import wide
from robust_dml.retrieval.ignored import ignored
from robust_dml.retrieval.items import Items
from robust_dml.runtime.lazy import Tensor, torch
from robust_dml.runtime.randomness import torch_generator

CHUNK = 256  # noisy images at a time


@dataclass(frozen=True)
class Smoothed:
    """A model under noise; the noise of an image is a function of the seed, a stream and the image's id."""

    embed: Embed
    sigma: float
    seed: int

    @property
    def lipschitz(self) -> float:
        """How much farther an embedding moves than its image, at most."""
        return math.sqrt(2 / math.pi) / self.sigma

    def means(self, images: Tensor, ids: Tensor, samples: int, stream: str) -> Tensor:
        """Return the means (B, d) of so many samples for images (B, ...); their norm is below 1."""
        with torch.no_grad():
            return torch.stack(
                [self._mean(image, int(own), samples, stream) for image, own in zip(images, ids, strict=True)]
            )

    def _mean(self, image: Tensor, own: int, samples: int, stream: str) -> Tensor:
        total: Tensor | float = 0.0
        for noise in self._noise(image, own, samples, stream):
            total = total + self.unit(image + noise).double().sum(0)
        assert isinstance(total, torch.Tensor)
        return (total / samples).float()

    def fixed(self, images: Tensor, ids: Tensor, samples: int, stream: str) -> Embed:
        """Return the mean over samples that stay the same, differentiable, as a function of such images (B, ...)."""
        noise = torch.stack(
            [torch.cat(list(self._noise(*each, samples, stream))) for each in zip(images, ids.tolist(), strict=True)]
        )

        def mean(moved: Tensor) -> Tensor:
            noisy = (moved[:, None] + noise).flatten(0, 1)
            return self.unit(noisy).view(len(moved), samples, -1).mean(1)

        return mean

    def unit(self, images: Tensor) -> Tensor:
        """Return the embeddings (B, d) of the model itself, on the unit sphere."""
        return torch.nn.functional.normalize(wide(self.embed(images)))

    def _noise(self, image: Tensor, own: int, samples: int, stream: str) -> Iterator[Tensor]:
        generator = torch_generator(self.seed, "smoothing", stream, own)
        for start in range(0, samples, CHUNK):
            draws = torch.randn(min(CHUNK, samples - start), *image.shape, generator=generator)
            yield self.sigma * draws.to(image.device)


def error_of_mean(samples: int, alpha: float) -> float:
    """Return how far a mean of samples on the unit sphere is from what it is a mean of, but for a chance alpha.

    By McDiarmid's inequality, whatever the dimension.
    """
    return (1 + math.sqrt(2 * math.log(1 / alpha))) / math.sqrt(samples)


def certified_radii(queries: Items, gallery: Items, *, lipschitz: float, error: float = 0.0) -> Tensor:
    """Return the l2 radius (Q,) within which the nearest neighbour stays right; 0 or less certifies nothing.

    An image a of the query's class stays nearer than b of another while the query stays on a's side of the plane
    between them, so the radius is that of the best a, to the nearest of its planes. The gallery's embeddings are fixed.

    Args:
        queries: embedded by an embedding that moves at most `lipschitz` times as far as the image.
        error: the distance at which the true embedding may be from the one that is given.
    """
    return (_per_query(queries, gallery, _to_planes) - error) / lipschitz


def retrieval_guard_radii(queries: Items, gallery: Items, *, lipschitz: float, error: float = 0.0) -> Tensor:
    """Return the same radius by the bound of RetrievalGuard: half the gap between the nearest wrong and right distance.

    It is never above that of `certified_radii`.
    """
    return (_per_query(queries, gallery, _half_gap) - error) / lipschitz


Gap = Callable[[Tensor, Tensor, Tensor], Tensor]
"""A query (d,), right images (P, d) and wrong ones (M, d) to how far the query is on the right side."""


def _per_query(queries: Items, gallery: Items, gap: Gap) -> Tensor:
    """Return the gap (Q,) of each query, float64; minus infinity if nothing is right, infinity if nothing is wrong."""
    competing = ~ignored(queries, gallery)
    right = queries.labels[:, None] == gallery.labels
    found = []
    for place, query in enumerate(queries.embeddings.double()):
        same, other = (gallery.embeddings[competing[place] & side].double() for side in (right[place], ~right[place]))
        found.append(_one_gap(query, same, other, gap))
    return torch.stack(found)


def _one_gap(query: Tensor, right: Tensor, wrong: Tensor, gap: Gap) -> Tensor:
    if len(right) and len(wrong):
        return gap(query, right, wrong)
    return query.new_tensor(torch.inf if len(right) else -torch.inf)


def _to_planes(query: Tensor, right: Tensor, wrong: Tensor) -> Tensor:
    """Return the distance to the nearest plane of the right image that has the farthest; 0 between equal images."""
    gain = (query - wrong).square().sum(1) - (query - right).square().sum(1)[:, None]
    apart = torch.cdist(right, wrong, compute_mode="donot_use_mm_for_euclid_dist")
    planes = torch.where(apart > 0, gain / (2 * apart), 0.0)
    best: Tensor = planes.amin(1).amax()
    return best


def _half_gap(query: Tensor, right: Tensor, wrong: Tensor) -> Tensor:
    to_wrong, to_right = (torch.linalg.vector_norm(query - side, dim=1).min() for side in (wrong, right))
    gap: Tensor = (to_wrong - to_right) / 2
    return gap
