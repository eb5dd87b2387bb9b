"""How much arithmetic a study asks for, counted in forward passes of one image; a backward pass counts two.

A gradient with respect to the image alone counts one. The counts follow the code: what a training step, the
validation of an epoch and the evaluation of a model run, not what the released code would.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from robust_dml.config import Run, Study
from robust_dml.config.attacks import AttackConfig
from robust_dml.config.data import DatasetConfig
from robust_dml.config.resolve import optimisation_of
from robust_dml.config.training import BackboneConfig, TrainingConfig
from robust_dml.records import Backbone, Method

RELEASED_CARLINI_WAGNER = 445  # passes of the released code, whatever `steps` is


def forward_gflop(backbone: BackboneConfig, size: int) -> float | None:
    """Return 10^9 floating-point operations of a forward pass at `size` pixels; None if they are not known."""
    return cast(Backbone, backbone.record).gflop(backbone, size)


def training_passes(study: Study, run: Run, images: tuple[int, int]) -> float:
    """Passes of one training; `images` counts those that train and those that are retrieved."""
    config, optimisation = study.trainings[run.training], optimisation_of(study, run)
    validations = -(-optimisation.epochs // optimisation.validate_every)
    validation = 1 + 2 * 5 + 1  # embed, PGD-5, embed
    return optimisation.epochs * images[0] * _step_passes(config) + validations * images[1] * validation


def _step_passes(config: TrainingConfig) -> float:
    """Return the passes of a training step per image of the batch, by method."""
    attack = config.attack.record
    looks = 1 if attack.family == "iterative" else 0  # training keeps the last iterate, without a look at it
    return cast(Method, config.record).passes(config, attack.passes(config.attack.options) - looks)


def attack_passes(study: Study, run: Run, images: tuple[int, int]) -> float:
    """Passes of the evaluation of one model: every attack at every epsilon on every query."""
    per_query = sum(len(config.epsilon) * _evaluated(study, config) for config in study.attacks.values())
    gallery = images[0] if study.datasets[run.dataset].gallery == "train" else 0
    return images[1] * (1 + per_query) + gallery


def _evaluated(study: Study, config: AttackConfig) -> float:
    """Passes per query of one attack at one epsilon, and of its released version beside it."""
    if config.optimiser == "worst-case":
        return 0.0  # its members are attacks of the study and lend it their results
    ours = OURS[config.optimiser](config) + 3  # embed the result; gradient at the first point
    if not (study.evaluation.as_released and config.as_released):
        return ours
    released = RELEASED.get(config.optimiser)
    return ours + (released(config) + 1 if released else 0)


Passes = Callable[[AttackConfig], float]

OURS: dict[str, Passes] = {
    "fgsm": lambda config: 2,
    "r-fgsm": lambda config: 2,
    "pgd": lambda config: config.restarts * (2 * config.steps + 1),
    "apgd": lambda config: config.restarts * (2 * config.steps + 1),
    "transfer": lambda config: config.restarts * (2 * config.steps + 1),
    "carlini-wagner": lambda config: (2 * config.steps + 1) * config.search_steps,
    "square": lambda config: config.restarts * config.steps,
    "noise": lambda config: config.steps,
}
RELEASED: dict[str, Passes] = {
    "fgsm": lambda config: 2,
    "r-fgsm": lambda config: 2,
    "pgd": lambda config: config.restarts * (2 * config.steps + 1),
    "carlini-wagner": lambda config: 2 * RELEASED_CARLINI_WAGNER,
}


def images_of(config: DatasetConfig, known: int | None) -> tuple[int, int] | None:
    """Return the numbers of training and of test images, None if unknown; every split takes about half.

    `known` is the number that the table of sources states.
    """
    total = config.record.count(config.options) or known
    return None if total is None else (total - total // 2, total // 2)
