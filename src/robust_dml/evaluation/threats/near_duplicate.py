"""Near-duplicate detection: two images are called copies if their embeddings are nearer than a threshold.

The threshold is chosen on clean images of the gallery: so many pairs of different classes are called copies as the rate
of false alarms says. Evasion perturbs a copy until it is no longer found near its own original. Collision perturbs
an image until it is called a copy of another one, chosen at random, of another class.

Evasion and collision are the two failures of perceptual hashes in Struppek et al., "Learning to Break Deep Perceptual
Hashing" (FAccT 2022); here the hash is an embedding.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from robust_dml.attacks.balls import BALLS
from robust_dml.attacks.climbs import Climbs
from robust_dml.attacks.objectives import attract, repel
from robust_dml.config.radii import Radii
from robust_dml.evaluation.readings import Reading, mean_reading
from robust_dml.records import Threat
from robust_dml.retrieval.distances import distance, wide
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.lazy import Tensor, torch
from robust_dml.runtime.randomness import sample_seeds, uniform
from robust_dml.runtime.section import Integer, Number

if TYPE_CHECKING:
    from robust_dml.attacks.frozen import Embed
    from robust_dml.evaluation.target import Target
    from robust_dml.retrieval.items import Items

ANCHORS = 512  # gallery images, evenly spaced, whose pairs with the whole gallery choose the threshold


class NearDuplicateOptions(Radii):
    """The settings of near-duplicate detection and of its attackers."""

    steps: Integer = Field(50, ge=1, le=10_000, description="gradient steps")
    images: Integer = Field(64, ge=1, le=1024, description="gallery images that are copied, evenly spaced")
    false_alarms: Number = Field(
        0.001, ge=0, lt=1, description="share of clean pairs of different classes that the threshold calls copies"
    )


def measure_near_duplicate(target: Target, options: NearDuplicateOptions) -> Iterator[Reading]:
    """Yield the threshold, its rate of false alarms, and at each radius the shares that evade and collide.

    Beside evasion is that of a random perturbation of the same size. Raises UserError if there is only one class.
    """
    from robust_dml.evaluation.sample import evenly_spaced

    threshold, alarms = chosen_threshold(target.gallery, options.false_alarms)
    yield Reading("threshold", 0.0, "distance", threshold)
    yield Reading("threshold", 0.0, "false alarms", alarms)
    positions = evenly_spaced(len(target.gallery), options.images)
    copied, images = target.gallery.rows(target.tensor(positions)), target.gallery_images(positions)
    seeds = sample_seeds(copied.ids, target.seed, "near-duplicate")
    other = target.gallery.embeddings[of_another_class(copied, target.gallery, seeds)]
    evade, collide = (
        Climbs(target.embed, images, seeds, options.steps, [objective], objective)
        for objective in (repel(copied.embeddings), attract(other))
    )
    evading = colliding = random = images
    for epsilon in options.levels:
        if epsilon:
            ball = BALLS[options.norm](epsilon)
            evading, colliding = evade.best(evading, ball), collide.best(colliding, ball)
            random = ball.random(images, seeds=seeds, stream=1)
        moved = {"evasion": (evading, copied.embeddings), "random copy": (random, copied.embeddings)}
        for setting, (changed, original) in moved.items():
            evaded = ~called_copies(target.embed, changed, original, threshold)
            yield mean_reading(setting, epsilon, "broken", evaded, copied.labels)
        collided = called_copies(target.embed, colliding, other, threshold, failed=True)
        yield mean_reading("collision", epsilon, "broken", collided, copied.labels)


def chosen_threshold(gallery: Items, false_alarms: float) -> tuple[float, float]:
    """Return the largest threshold that calls no larger share of pairs of different classes copies, and that share.

    A pair is called copies if its distance is below the threshold. Raises UserError if all images are of one class.
    """
    from robust_dml.evaluation.sample import evenly_spaced

    places = torch.from_numpy(evenly_spaced(len(gallery), ANCHORS)).to(gallery.labels.device)
    distances = torch.cdist(wide(gallery.embeddings[places]), wide(gallery.embeddings))
    distances = distances[gallery.labels[places, None] != gallery.labels]
    if len(distances) == 0:
        raise UserError(
            "near-duplicate: the threshold is chosen on pairs of different classes, found one class in the gallery; use"
            " a dataset with at least two test classes"
        )
    threshold = distances.kthvalue(int(false_alarms * len(distances)) + 1).values
    return float(threshold), float((distances < threshold).double().mean())


def of_another_class(items: Items, gallery: Items, seeds: Tensor) -> Tensor:
    """Return the position (B,) in the gallery of a random image of another class than each item's, by its seed."""
    able = items.labels[:, None] != gallery.labels
    draws = uniform(seeds, (1,), stream=2)[:, 0].double()
    count = able.sum(1)
    chosen = (draws * count).long().minimum(count - 1)
    return (able.cumsum(1) == chosen[:, None] + 1).long().argmax(1)


def called_copies(embed: Embed, images: Tensor, originals: Tensor, threshold: float, *, failed: bool = False) -> Tensor:
    """Return bool (B,): whether images are nearer to embeddings (B, d) than the threshold; `failed` if not finite."""
    with torch.no_grad():
        embeddings = wide(embed(images))
    near = distance(embeddings, originals) < threshold
    return torch.where(torch.isfinite(embeddings).all(1), near, torch.full_like(near, failed))


ENTRY = Threat(
    label="evaded and forged near-duplicates",
    summary="a copy is perturbed until it is not found near its original, an image until it is called another's copy",
    perturbs="both",
    metric="broken",
    metrics={
        "broken": "copies that evade detection, or images that collide with another",
        "distance": "threshold below which two images are called copies",
        "false alarms": "clean pairs of different classes that are called copies",
    },
    curve=("evasion",),
    higher_is_safer=False,
    options=NearDuplicateOptions,
    measure=measure_near_duplicate,
)
