"""Attacks on a ranking rather than on its first item (Zhou et al.), each with its own number, and the score over them.

A query is perturbed, for CA a candidate, to raise or lower an item in a ranking, to leave its own embedding, or to
dethrone its first item; `robust_dml.attacks.ranking` has the losses, the choices and the scores. ERS, the mean of ten
normalised scores, rewards embeddings that collapse, so clean recall@1, the mean cosine and a flag stand beside it.

Sources: ECCV 2020, ICCV 2021 and CVPR 2022; see the files of `robust_dml.attacks.ranking`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal, get_args

from pydantic import Field

from robust_dml.attacks.balls import BALLS, Ball
from robust_dml.attacks.optimisers.pgd import pgd
from robust_dml.attacks.ranking.ers import RobustnessScore, mean_cosine, scores_of
from robust_dml.attacks.ranking.posed import Asked, Posed
from robust_dml.attacks.ranking.poses import ATTACKS, ERS_NUMBERS, RankingAttack
from robust_dml.attacks.ranking.top import first_is_right
from robust_dml.config.radii import Radii
from robust_dml.evaluation.readings import Reading, mean_reading
from robust_dml.records import Threat
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.lazy import Tensor, torch
from robust_dml.runtime.randomness import sample_seeds
from robust_dml.runtime.section import Integer

if TYPE_CHECKING:
    from robust_dml.evaluation.target import Target

BATCH = 128
Name = Literal[
    "ca-plus",
    "ca-minus",
    "qa-plus",
    "qa-minus",
    "spqa-plus",
    "spqa-minus",
    "tma",
    "es",
    "ltm",
    "gtm",
    "gtt",
    "order",
]
Numbers = Mapping[str, Mapping[str, Tensor]]
"""Each attack's numbers (Q,)."""


class RankingOptions(Radii):
    """The settings of the ranking attacks."""

    attacks: list[Name] = Field(
        list(get_args(Name)), min_length=1, description="the attacks; ERS needs all but SPQA, OA"
    )
    queries: Integer = Field(256, ge=1, le=1_000_000, description="queries that are attacked, evenly spaced")
    steps: Integer = Field(32, ge=1, le=10_000, description="gradient steps")
    as_released: bool = Field(False, description="with the bugs of the released code, and from the clean image")


def measure_ranking(target: Target, options: RankingOptions) -> Iterator[Reading]:
    """Yield each attack's numbers at each radius, the score over them, and what it must be read with.

    Raises UserError if the gallery does not hold the queries, or is too small for an attack.
    """
    from robust_dml.evaluation.sample import evenly_spaced

    positions = evenly_spaced(len(target.queries), options.queries)
    images, queries = target.images(positions), target.queries.rows(target.tensor(positions))
    asked = Asked(queries, target.gallery, sample_seeds(queries.ids, target.seed, "ranking"), options.as_released)
    posed: dict[str, Posed] = {name: _posed(name, asked) for name in dict.fromkeys(options.attacks)}
    right = first_is_right(asked.x, asked.items, asked.same, asked.own)
    cosine = mean_cosine(asked.items)
    yield mean_reading("clean", 0.0, "recall@1", right, queries.labels)
    yield Reading("clean", 0.0, "cosine", cosine)
    for epsilon in options.levels:
        found = {
            name: _outcome(target, attack, ATTACKS[name], images, epsilon, options) for name, attack in posed.items()
        }
        yield from _numbers(found, epsilon, queries.labels)
        if epsilon and {name for name, _ in ERS_NUMBERS} <= found.keys():
            yield from _score(found, epsilon, float(right.double().mean()), _chance(asked), cosine)


def _posed(name: Name, asked: Asked) -> Posed:
    try:
        return ATTACKS[name].pose(asked)
    except ValueError as error:
        raise UserError(
            f"threat ranking: {name}: {error}; leave it out of `attacks`, or use a larger gallery"
        ) from error


def _outcome(
    target: Target, posed: Posed, attack: RankingAttack, images: Tensor, epsilon: float, options: RankingOptions
) -> Mapping[str, Tensor]:
    """Return the numbers (Q,) of an attack at a radius; a query whose embedding is not finite is a full success."""
    rows = torch.split(torch.arange(len(images), device=images.device), BATCH)
    ball = BALLS[options.norm](epsilon)
    with torch.no_grad():
        parts = [target.embed(_moved(target, posed.rows(at), images[at], ball, options)).float() for at in rows]
    embeddings = torch.cat(parts)
    failed = ~torch.isfinite(embeddings).all(1)
    scores = posed.scores(embeddings.masked_fill(failed[:, None], 1.0))
    return {number: values.masked_fill(failed, attack.worst[number]) for number, values in scores.items()}


def _moved(target: Target, posed: Posed, images: Tensor, ball: Ball, options: RankingOptions) -> Tensor:
    """Return attacked images (B, ...): the best iterate from a random start; as released the last from the image."""
    if ball.epsilon == 0:
        return images
    seeds = sample_seeds(posed.index, target.seed, "ranking", "start")
    return pgd(
        target.embed,
        images,
        posed,
        ball,
        steps=options.steps,
        start=images if options.as_released else ball.random(images, seeds=seeds),
        keep="last" if options.as_released else "best",
    )


def _numbers(found: Numbers, epsilon: float, labels: Tensor) -> Iterator[Reading]:
    for name, numbers in found.items():
        for number, values in numbers.items():
            setting = ATTACKS[name].label
            if number in ("cosine", "shift"):  # not within [0, 1], so without an interval
                yield Reading(setting, epsilon, number, float(values.mean()))
            else:
                yield mean_reading(setting, epsilon, number, values, labels)


def _chance(asked: Asked) -> float:
    """Return recall@1 of a random ranking."""
    return float((asked.same.sum(1) - 1).double().mean()) / (len(asked.items) - 1)


def _score(found: Numbers, epsilon: float, recall: float, chance: float, cosine: float) -> Iterator[Reading]:
    """Yield ERS as a share, and whether it rewards a collapse."""
    means = [float(found[name][number].mean()) for name, number in ERS_NUMBERS]
    score = RobustnessScore(scores_of(means).ers(), recall, chance, cosine)
    yield Reading("ERS", epsilon, "ers", score.ers / 100)
    yield Reading("ERS", epsilon, "collapsed", float(score.collapsed))


ENTRY = Threat(
    label="ranking attacks",
    summary="queries are perturbed to raise, lower or dethrone items of a ranking, each with a number of its own",
    perturbs="queries",
    metric="ers",
    metrics={
        "ers": "empirical robustness score, mean of ten normalised scores",
        "rank": "gallery items before the item that is raised or lowered",
        "kept-rank": "gallery items before the items that shall stay first",
        "cosine": "cosine to the target; of clean embeddings: the mean between different images",
        "shift": "distance from the clean embedding",
        "retain@4": "queries whose first item stays in the top 4",
        "in order": "pairs of items in the wanted order",
        "collapsed": "whether embeddings are nearly one point, or recall@1 is near chance",
    },
    curve=("ERS",),
    options=RankingOptions,
    measure=measure_ranking,
)
