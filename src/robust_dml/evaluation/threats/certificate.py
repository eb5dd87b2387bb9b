"""Certified recall@1: how far no perturbation whatever makes the nearest neighbour of a query wrong.

It is that of the smoothed model (`robust_dml.evaluation.smoothing`), with the setting of RetrievalGuard (Wu, Zhang and
Huang, ICML 2022): the gallery is smoothed once and fixed, queries are perturbed in the Euclidean norm. Beside it is
what PGD achieves against the same smoothed model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pydantic import Field

from robust_dml.attacks.balls import L2Ball
from robust_dml.attacks.objectives import margin
from robust_dml.attacks.optimisers.pgd import pgd
from robust_dml.evaluation.kept import Kept
from robust_dml.evaluation.readings import Reading, mean_reading
from robust_dml.evaluation.smoothing import Smoothed, certified_radii, error_of_mean, retrieval_guard_radii
from robust_dml.records import Threat
from robust_dml.retrieval.items import Items
from robust_dml.retrieval.ranking import rank
from robust_dml.runtime.lazy import Tensor, torch
from robust_dml.runtime.options import Options
from robust_dml.runtime.progress import track
from robust_dml.runtime.randomness import sample_seeds
from robust_dml.runtime.section import Epsilon, Integer, Number

if TYPE_CHECKING:
    from robust_dml.evaluation.target import Target

BATCH = 8  # queries that are attacked at a time


class CertificateOptions(Options):
    """The settings of smoothing, of its certificate and of the attack beside it."""

    sigma: Number = Field(0.25, gt=0, description="deviation of the noise, in pixels of [0, 1]")
    epsilon: list[Epsilon] = Field([0.02, 0.05, 0.1, 0.2], min_length=1, description="l2 radii, in pixels of [0, 1]")
    queries: Integer = Field(100, ge=1, description="queries that are certified, evenly spaced, at most")
    samples: Integer = Field(1000, ge=2, description="noisy copies of each query")
    gallery_samples: Integer = Field(100, ge=1, description="noisy copies of each gallery image")
    alpha: Number = Field(0.001, gt=0, lt=1, description="chance that the certificate of a query is wrong, at most")
    steps: Integer = Field(10, ge=1, le=10_000, description="gradient steps of the attack")
    attack_samples: Integer = Field(32, ge=1, description="noisy copies that the attack's gradient is the mean over")


def measure_certificate(target: Target, options: CertificateOptions) -> Iterator[Reading]:
    """Yield certified recall@1 at each radius, that of RetrievalGuard's bound, abstentions, and recall@1 under PGD."""
    from robust_dml.evaluation.sample import queries_of_checks

    scored = rank(target.queries, target.gallery).scored.cpu().numpy()
    positions = queries_of_checks(scored, options.queries)
    smoothed = Smoothed(target.embed, options.sigma, target.seed)
    some = target.queries.rows(target.tensor(positions))
    images = target.images(positions)
    gallery = smoothed_gallery(target, smoothed, options.gallery_samples)
    queries = some.embedded_as(_means(target, smoothed, images, some.ids, options.samples))
    error = error_of_mean(options.samples, options.alpha)
    certified, guarded = (
        bound(queries, gallery, lipschitz=smoothed.lipschitz, error=error)
        for bound in (certified_radii, retrieval_guard_radii)
    )
    right = rank(queries, gallery).right
    yield mean_reading("not smoothed", 0.0, "recall@1", rank(some, target.gallery).right, some.labels)
    yield mean_reading("abstained", 0.0, "abstained", right & (certified <= 0).to(right.device), some.labels)
    attack = _Attack(target.kept, smoothed, images, queries, gallery, options)
    for radius in sorted({0.0, *options.epsilon}):
        if radius:
            right = attack.still_right(right, radius)
        yield mean_reading("certified", radius, "recall@1", certified > radius, some.labels)
        yield mean_reading("RetrievalGuard", radius, "recall@1", guarded > radius, some.labels)
        yield mean_reading("empirical", radius, "recall@1", right, some.labels)


def smoothed_gallery(target: Target, smoothed: Smoothed, samples: int) -> Items:
    """Return the gallery, every image embedded as the mean of its noisy copies."""

    def means(rows: Tensor) -> Tensor:
        ids = target.gallery.ids[rows.to(target.gallery.ids.device)]
        return smoothed.means(target.gallery_images(rows.numpy()), ids, samples, "gallery")

    return target.gallery.embedded_as(_in_blocks(target.kept, "gallery", len(target.gallery), means))


def _means(target: Target, smoothed: Smoothed, images: Tensor, ids: Tensor, samples: int) -> Tensor:
    """Return the means (Q, d) of the noisy copies of query images."""

    def means(rows: Tensor) -> Tensor:
        return smoothed.means(images[rows], ids[rows], samples, "queries")

    return _in_blocks(target.kept, "queries", len(images), means)


def _in_blocks(kept: Kept, name: str, count: int, compute: Callable[[Tensor], Tensor]) -> Tensor:
    """Return what `compute` makes of the positions below `count`, a batch at a time; each batch is kept."""
    batches = track(torch.split(torch.arange(count), BATCH), title=f"smoothing the {name}", unit="batch")
    return torch.cat([kept.tensor(f"{name}-{int(rows[0])}", partial(compute, rows)) for rows in batches])


@dataclass(frozen=True)
class _Attack:
    """PGD on the margin of the smoothed model, by the mean gradient over noisy copies that stay the same."""

    kept: Kept
    smoothed: Smoothed
    images: Tensor
    queries: Items
    gallery: Items
    options: CertificateOptions

    def still_right(self, right: Tensor, radius: float) -> Tensor:
        """Return bool (Q,): which of the queries that were `right` are so within a radius, by as many new samples."""
        left = right.clone()
        batches = torch.split(torch.nonzero(right).flatten().cpu(), BATCH)
        for rows in track(batches, title=f"attacking the smoothed model at {radius:g}", unit="batch"):
            name = f"attacked-{radius}-{int(rows[0])}"
            means = self.kept.tensor(name, partial(self._attacked, rows, radius))
            left[rows] = rank(self.queries.rows(rows).embedded_as(means), self.gallery).right
        return left

    def _attacked(self, rows: Tensor, radius: float) -> Tensor:
        """Return the smoothed embeddings (B, d) of attacked queries."""
        queries, images = self.queries.rows(rows), self.images[rows]
        embed = self.smoothed.fixed(images, queries.ids, self.options.attack_samples, "attack")
        ball, seeds = L2Ball(radius), sample_seeds(queries.ids, self.smoothed.seed, "certificate")
        start = ball.random(images, seeds=seeds)
        moved = pgd(embed, images, margin(queries, self.gallery), ball, steps=self.options.steps, start=start)
        return self.smoothed.means(moved, queries.ids, self.options.samples, "attacked")


ENTRY = Threat(
    label="certified recall",
    summary="the l2 radius within which no perturbation of a query makes the smoothed model's first neighbour wrong",
    perturbs="queries",
    metric="recall@1",
    metrics={"abstained": "queries that are right and cannot be certified at any radius"},
    curve=("certified",),
    options=CertificateOptions,
    measure=measure_certificate,
)
