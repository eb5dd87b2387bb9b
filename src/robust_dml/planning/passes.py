"""Count the arithmetic of a study in forward passes of one image; a backward pass counts two.

A gradient with respect to the image alone counts one. The counts follow the code: what a training step, the
validation of an epoch and the evaluation of a model run, not what the released code would.
"""

from __future__ import annotations

from robust_dml.attacks.optimisers.standard_v1 import protocol_passes
from robust_dml.config import Run, Study
from robust_dml.config.data import DatasetConfig
from robust_dml.config.evaluation import AttackAt
from robust_dml.config.resolve import optimisation_of
from robust_dml.config.training import BackboneConfig, TrainingConfig
from robust_dml.evaluation.planned import planned_attacks
from robust_dml.records import Optimiser

STANDING = 0.5
"""Assumed: an attack that leaves broken queries makes half of its passes. On the demo it makes 0.10 of them where
nothing stays right and 0.43 where 16 % do (docs/performance.md); robust models keep more."""
STANDING_IN_STANDARD = 0.25
"""Assumed of the standard protocol: a quarter of the queries stands, on average over its members, radii and models.
Four in ten are wrong when clean, a natural model keeps next to none, and a broken query is left at larger radii."""
ALL_STAND = 1.0


def forward_gflop(backbone: BackboneConfig, size: int) -> float | None:
    """Return 10^9 floating-point operations of one forward pass at `size` pixels; None if they are not known."""
    found: float | None = backbone.record.gflop(backbone, size)
    return found


def training_passes(study: Study, run: Run, images: tuple[int, int]) -> float:
    """Return the passes of the steps of one training; `images` counts those that train and those that are retrieved."""
    if run.training in study.models:
        return 0.0
    return optimisation_of(study, run).epochs * images[0] * _step_passes(study.trainings[run.training])


def validation_passes(study: Study, run: Run, images: tuple[int, int]) -> float:
    """Return the passes of the validations of one training, which compute in float32: embed all, PGD-5, embed."""
    if run.training in study.models:
        return 0.0
    optimisation = optimisation_of(study, run)
    validations = -(-optimisation.epochs // optimisation.validate_every)
    attacked = min(images[1], optimisation.validation_queries or images[1])
    return validations * (images[1] + attacked * (2 * 5 + 1))


def _step_passes(config: TrainingConfig) -> float:
    """Return the passes of one training step per image of the batch; its attack looks at no last iterate."""
    passes: float = config.record.passes(config, 2 * config.attack.steps)
    return passes


def attack_passes(study: Study, run: Run, images: tuple[int, int], standing: bool = False) -> float:
    """Return the passes of the evaluation of one model: every planned attack, the extra runs of checks included.

    With `standing`, only the assumed share of the queries stands where broken ones are left; else all of them.
    """
    queries = min(images[1], study.evaluation.queries or images[1])
    per_query, extra = 0.0, 0.0
    for at in planned_attacks(study, run):
        share = standing_share(study, at) if standing else ALL_STAND
        if at.queries is None:
            per_query += _per_query(at, share)
        else:
            extra += min(at.queries, queries) * _per_query(at, share)
    gallery = images[0] if study.datasets[run.dataset].gallery == "train" else images[1] - queries
    return queries * (1 + per_query) + extra + gallery


def standing_share(study: Study, at: AttackAt) -> float:
    """Return the share of its passes that an attack makes on average, as it leaves queries that are broken."""
    if at.config is None:
        return ALL_STAND
    if at.attack.is_standard:
        return STANDING_IN_STANDARD
    return STANDING if study.evaluation.stop_when_broken and at.attack.record.stops else ALL_STAND


def _per_query(at: AttackAt, share: float) -> float:
    """Return the passes per query of one attack: its own, one to embed the result, two for the first gradient.

    The result of a transfer is embedded by its source too.
    """
    if at.config is None:
        return 1.0
    record: Optimiser = at.attack.record
    if at.variant == "released":
        return record.released_passes(at.attack.options) + 1
    if at.attack.is_standard:
        return share * protocol_passes(at.effort)
    embedded = 1 if at.attack.source is None else 2
    return share * record.passes(at.attack.options) + embedded + (0 if record.first_gradient == "none" else 2)


def images_of(config: DatasetConfig, known: int | None) -> tuple[int, int] | None:
    """Return the numbers of training and of test images, None if unknown; every split takes about half.

    `known` is the number that the table of sources states.
    """
    total = config.record.count(config.options) or known
    return None if total is None else (total - total // 2, total // 2)
