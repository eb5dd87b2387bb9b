"""Count the arithmetic of a study in forward passes of one image; a backward pass counts two.

A gradient with respect to the image alone counts one. The counts follow the code: what a training step, the
validation of an epoch and the evaluation of a model run, not what the released code would.
"""

from __future__ import annotations

from robust_dml.config import Run, Study
from robust_dml.config.data import DatasetConfig
from robust_dml.config.evaluation import AttackAt
from robust_dml.config.resolve import optimisation_of
from robust_dml.config.training import BackboneConfig, TrainingConfig
from robust_dml.evaluation.planned import planned_attacks
from robust_dml.records import Optimiser


def forward_gflop(backbone: BackboneConfig, size: int) -> float | None:
    """Return 10^9 floating-point operations of one forward pass at `size` pixels; None if they are not known."""
    found: float | None = backbone.record.gflop(backbone, size)
    return found


def training_passes(study: Study, run: Run, images: tuple[int, int]) -> float:
    """Return the passes of one training; `images` counts those that train and those that are retrieved."""
    if run.training in study.models:
        return 0.0
    config, optimisation = study.trainings[run.training], optimisation_of(study, run)
    validations = -(-optimisation.epochs // optimisation.validate_every)
    validation = 1 + 2 * 5 + 1  # embed, PGD-5, embed
    return optimisation.epochs * images[0] * _step_passes(config) + validations * images[1] * validation


def _step_passes(config: TrainingConfig) -> float:
    """Return the passes of one training step per image of the batch; its attack looks at no last iterate."""
    passes: float = config.record.passes(config, 2 * config.attack.steps)
    return passes


def attack_passes(study: Study, run: Run, images: tuple[int, int]) -> float:
    """Return the passes of the evaluation of one model: every planned attack, the extra runs of checks included."""
    queries = min(images[1], study.evaluation.queries or images[1])
    per_query, extra = 0.0, 0.0
    for at in planned_attacks(study, run):
        if at.queries is None:
            per_query += _per_query(at)
        else:
            extra += min(at.queries, queries) * _per_query(at)
    gallery = images[0] if study.datasets[run.dataset].gallery == "train" else images[1] - queries
    return queries * (1 + per_query) + extra + gallery


def _per_query(at: AttackAt) -> float:
    """Return the passes per query of one attack: its own, one to embed the result, two for the first gradient.

    The result of a transfer is embedded by its source too.
    """
    if at.config is None:
        return 1.0
    record: Optimiser = at.attack.record
    if at.variant == "released":
        return record.released_passes(at.attack.options) + 1
    embedded = 1 if at.attack.source is None else 2
    return record.passes(at.attack.options) + embedded + (0 if record.first_gradient == "none" else 2)


def images_of(config: DatasetConfig, known: int | None) -> tuple[int, int] | None:
    """Return the numbers of training and of test images, None if unknown; every split takes about half.

    `known` is the number that the table of sources states.
    """
    total = config.record.count(config.options) or known
    return None if total is None else (total - total // 2, total // 2)
