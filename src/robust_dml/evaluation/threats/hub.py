"""The adversarial hub: one perturbed gallery image that becomes the nearest neighbour of many queries.

It is optimised on one half of the queries and judged by the other half. Beside it are the natural hub (the clean
gallery image that captures most) and the detector of hubs, the k-occurrence: how many queries have an image among their
k nearest.

Sources: Zhang, Suya, Jha et al., "Adversarial Hubness in Multi-Modal Retrieval" (2024); Radovanović et al., "Hubs in
Space" (JMLR 2010) for the k-occurrence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pydantic import Field

from robust_dml.attacks.balls import BALLS, Ball
from robust_dml.attacks.capture import Capture, capture
from robust_dml.attacks.climbs import Climbs, at_widths
from robust_dml.config.radii import Radii
from robust_dml.evaluation.halves import halves
from robust_dml.evaluation.readings import Reading, mean_reading
from robust_dml.records import Threat
from robust_dml.retrieval.ignored import ignored
from robust_dml.retrieval.search import search_items
from robust_dml.runtime.lazy import Tensor, torch
from robust_dml.runtime.randomness import sample_seeds
from robust_dml.runtime.section import Integer

if TYPE_CHECKING:
    from robust_dml.attacks.frozen import Embed
    from robust_dml.evaluation.target import Target
    from robust_dml.retrieval.items import Items

FALSE_ALARMS = 0.01


class HubOptions(Radii):
    """The settings of the adversarial hub."""

    steps: Integer = Field(50, ge=1, le=10_000, description="gradient steps")
    candidates: Integer = Field(16, ge=1, le=1024, description="gallery images that are tried, evenly spaced")
    rank: Integer = Field(1, ge=1, le=1000, description="a query is captured if the image is among so many neighbours")
    neighbours: Integer = Field(10, ge=1, le=1000, description="k of the k-occurrence, by which hubs are detected")


def measure_hub(target: Target, options: HubOptions) -> Iterator[Reading]:
    """Yield the share of held-out queries that natural and adversarial hubs capture, and how well hubs are detected."""
    from robust_dml.evaluation.sample import evenly_spaced

    attackers, held_out = halves(target.queries, target.seed)
    positions = evenly_spaced(len(target.gallery), options.candidates)
    images, places = target.gallery_images(positions), target.tensor(positions)
    yield natural_hub(attackers, held_out, target.gallery, options.rank)
    seeds = sample_seeds(target.gallery.ids[places], target.seed, "hub")
    search = HubSearch(target.embed, attackers, target.gallery, images, places, seeds, options.steps, options.rank)
    hubs = images
    for epsilon in options.levels:
        if epsilon:
            hubs = search.best(hubs, BALLS[options.norm](epsilon))
        with torch.no_grad():
            embeddings = target.embed(hubs).float()
        yield from _shares(attackers, held_out, target.gallery, places, embeddings, epsilon, options.rank)
        yield from detected(held_out, target.gallery, places, embeddings, options.neighbours, epsilon)


@dataclass(frozen=True)
class HubSearch:
    """The attacker's search for hubs: candidates (B, ...) at gallery places (B,), judged by the attacker's queries."""

    embed: Embed
    attackers: Items
    gallery: Items
    images: Tensor
    places: Tensor
    seeds: Tensor
    steps: int
    rank: int = 1

    def best(self, known: Tensor, ball: Ball) -> Tensor:
        """Return images in the ball that capture most of the attacker's queries; `known` (B, ...) are in it already."""
        share = partial(capture, self.attackers, self.gallery, self.places, k=self.rank)
        judged = share()
        climbs = Climbs(
            *(self.embed, self.images, self.seeds, self.steps),
            objectives=at_widths(share),
            judge=lambda embeddings: judged.captured(embeddings).sum(1),
        )
        return climbs.best(known, ball)


def natural_hub(attackers: Items, held_out: Items, gallery: Items, rank: int) -> Reading:
    """Return what the clean gallery image captures of the held-out queries that captures most of the attacker's."""
    nearest = search_items(attackers, gallery, rank).positions
    wrong = (nearest >= 0) & (gallery.labels[nearest] != attackers.labels[:, None])
    place = torch.bincount(nearest[wrong], minlength=len(gallery)).argmax()[None]
    judged = capture(held_out, gallery, place, k=rank)
    return _captured("natural hub", judged, gallery.embeddings[place], held_out, 0.0)


def _shares(
    attackers: Items, held_out: Items, gallery: Items, places: Tensor, embeddings: Tensor, epsilon: float, rank: int
) -> Iterator[Reading]:
    on_attackers = capture(attackers, gallery, places, k=rank)
    best = (on_attackers.captured(embeddings).sum(1) / on_attackers.counted.sum(1).clamp_min(1)).argmax()[None]
    judged = capture(held_out, gallery, places, k=rank)
    yield _captured("best candidate", judged.rows(best), embeddings[best], held_out, epsilon)
    yield _captured("mean candidate", judged, embeddings, held_out, epsilon)


def _captured(setting: str, judged: Capture, embeddings: Tensor, queries: Items, epsilon: float) -> Reading:
    """Return the share of queries that candidates capture, averaged for each query over those that may capture it."""
    counted = judged.counted.sum(0)
    shares = judged.captured(embeddings).sum(0).double() / counted.clamp_min(1)
    return mean_reading(setting, epsilon, "captured", shares[counted > 0], queries.labels[counted > 0])


def detected(
    held_out: Items, gallery: Items, places: Tensor, embeddings: Tensor, k: int, epsilon: float
) -> Iterator[Reading]:
    """Yield how well the k-occurrence tells candidates from clean images: AUC, and share found at 1 % false alarms."""
    from sklearn.metrics import roc_auc_score

    clean, hubs = k_occurrences(held_out, gallery, places, embeddings, k)
    scores = torch.cat([clean, hubs]).cpu().numpy()
    truth = [0] * len(clean) + [1] * len(hubs)
    bound = clean.double().sort().values[-1 - int(FALSE_ALARMS * len(clean))]
    yield Reading("k-occurrence", epsilon, "auc", float(roc_auc_score(truth, scores)))
    yield Reading("k-occurrence", epsilon, "found", float((hubs > bound).double().mean()))


def k_occurrences(queries: Items, gallery: Items, places: Tensor, embeddings: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Return how many queries have each clean gallery image (N,) among their k nearest, and each candidate (B,)."""
    nearest = search_items(queries, gallery, k).positions
    clean = torch.bincount(nearest[nearest >= 0], minlength=len(gallery))
    near = torch.cdist(embeddings, queries.embeddings) < capture(queries, gallery, places, k=k).reach
    failed = ~torch.isfinite(embeddings).all(1, keepdim=True)
    return clean, ((near | failed) & ~ignored(queries, gallery.rows(places)).T).sum(1)


ENTRY = Threat(
    label="adversarial hub",
    summary="a gallery image is perturbed to become the nearest neighbour of many queries of other classes",
    perturbs="gallery",
    metric="captured",
    metrics={
        "captured": "queries of other classes that have the image among their nearest",
        "auc": "how often the k-occurrence of a hub is above that of a clean image",
        "found": "hubs found at 1 % false alarms",
    },
    curve=("best candidate",),
    higher_is_safer=False,
    options=HubOptions,
    measure=measure_hub,
)
