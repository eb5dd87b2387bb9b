"""One gallery image promoted or demoted: perturbed so that it comes first, or last, for the queries of one class.

To promote, the class is another one, drawn at random: searches in which the image is not wanted. To demote, it is the
image's own: searches from which it shall vanish. The attacker has one half of the queries; the other half judges.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from pydantic import Field

from robust_dml.attacks.balls import BALLS
from robust_dml.attacks.climbs import Climbs, at_widths
from robust_dml.attacks.placement import Aim, Placement, placement
from robust_dml.config.radii import Radii
from robust_dml.evaluation.halves import halves
from robust_dml.evaluation.readings import Reading, mean_reading
from robust_dml.records import Threat
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.lazy import Tensor, torch
from robust_dml.runtime.randomness import sample_seeds, uniform
from robust_dml.runtime.section import Integer

if TYPE_CHECKING:
    from robust_dml.evaluation.target import Target
    from robust_dml.retrieval.items import Items


class CandidateOptions(Radii):
    """The settings of promotion and demotion."""

    steps: Integer = Field(50, ge=1, le=10_000, description="gradient steps")
    candidates: Integer = Field(16, ge=1, le=1024, description="gallery images that are tried, evenly spaced")
    queries: Integer = Field(16, ge=1, le=1000, description="queries of the class in each half that count, at most")
    rank: Integer = Field(10, ge=1, le=1000, description="an image is shown if it is among so many neighbours")
    aims: list[Aim] = Field(["promote", "demote"], min_length=1, description="towards the first place, or the last")


def measure_candidate(target: Target, options: CandidateOptions) -> Iterator[Reading]:
    """Yield where promoted and demoted images come for held-out queries; at level 0 they are clean.

    Raises UserError if no class has queries in both halves.
    """
    attackers, held_out = halves(target.queries, target.seed)
    for aim in dict.fromkeys(options.aims):
        places, classes = candidates(target.gallery, attackers, held_out, aim, options.candidates, target.seed)
        learned, judged = (
            partial(placement, half, target.gallery, places, classes, aim, most=options.queries)
            for half in (attackers, held_out)
        )
        seeds = sample_seeds(target.gallery.ids[places], target.seed, "candidate", aim)
        known = target.gallery_images(places.cpu().numpy())
        climbs = Climbs(target.embed, known, seeds, options.steps, at_widths(learned), learned())
        for epsilon in options.levels:
            if epsilon:
                known = climbs.best(known, BALLS[options.norm](epsilon))
            with torch.no_grad():
                embeddings = target.embed(known).float()
            yield from _readings(judged(), embeddings, classes, epsilon, options.rank)


def candidates(
    gallery: Items, attackers: Items, held_out: Items, aim: Aim, count: int, seed: int
) -> tuple[Tensor, Tensor]:
    """Return positions (B,) of gallery images, evenly spaced, and for the queries of which class (B,) each is placed.

    A class has queries in both halves. To promote it is drawn by the image's id from all but the image's own.
    """
    from robust_dml.evaluation.sample import evenly_spaced

    known = torch.unique(attackers.labels)
    known = known[torch.isin(known, held_out.labels)]
    able = torch.isin(gallery.labels, known) if aim == "demote" else _has_another(gallery.labels, known)
    places = torch.nonzero(able).flatten()
    if len(places) == 0:
        raise UserError(
            f"{aim}: a class needs queries for the attacker and others to judge by, found none with two that serve;"
            " evaluate more queries (evaluation.queries), or use a dataset with more images of a class"
        )
    places = places[torch.from_numpy(evenly_spaced(len(places), count)).to(places.device)]
    own = gallery.labels[places]
    if aim == "demote":
        return places, own
    others = known.expand(len(places), -1).masked_fill(known == own[:, None], known.max() + 1).sort(1).values
    sizes = (known != own[:, None]).sum(1)
    draws = uniform(sample_seeds(gallery.ids[places], seed, "promoted for"), (1,))[:, 0]
    return places, others.gather(1, (draws * sizes).long().minimum(sizes - 1)[:, None])[:, 0]


def _has_another(labels: Tensor, known: Tensor) -> Tensor:
    """Return whether there is a class among `known` (C,) beside each of `labels` (N,)."""
    return len(known) - torch.isin(labels, known).long() > 0


def _readings(judged: Placement, embeddings: Tensor, classes: Tensor, epsilon: float, rank: int) -> Iterator[Reading]:
    """Yield the mean rank, and the share of queries that are shown the image, over all candidates and their queries."""
    labels = classes[:, None].expand_as(judged.counted)[judged.counted]
    shown = judged.nearer(embeddings) < rank
    for metric, values in {"percentile": judged.percentiles(embeddings), "shown": shown}.items():
        yield mean_reading(judged.aim, epsilon, metric, values[judged.counted], labels)


ENTRY = Threat(
    label="promoted and demoted candidates",
    summary="a gallery image is perturbed to come first for the queries of another class, or last for those of its own",
    perturbs="gallery",
    metric="percentile",
    metrics={
        "percentile": "gallery images that come before the candidate, 0 for the first place",
        "shown": "queries that have the candidate among their nearest",
    },
    curve=("promote",),
    options=CandidateOptions,
    measure=measure_candidate,
)
