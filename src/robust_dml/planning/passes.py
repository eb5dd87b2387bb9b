"""How much arithmetic a study asks for, counted in forward passes of one image; a backward pass counts two.

A gradient with respect to the image alone counts one. The counts follow the code: what a training step, the
validation of an epoch and the evaluation of a model run, not what the released code would.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from robust_dml.config import Run, Study
from robust_dml.config.attacks import AttackConfig
from robust_dml.config.data import DatasetConfig
from robust_dml.config.resolve import optimisation_of
from robust_dml.config.training import BackboneConfig, TrainingConfig

STEP = 3  # forward and backward pass
RELEASED_CARLINI_WAGNER = 445  # passes of the released code, whatever `steps` is

# Multiply-adds of one forward pass at 224 pixels, in units of 10^9, counted by torch.utils.flop_counter.
GIGA_MACS_AT_224 = {"resnet18": 1.814, "resnet50": 4.087, "visualphishnet": 15.406}


def forward_gflop(backbone: BackboneConfig, size: int) -> float | None:
    """10^9 floating-point operations of one forward pass at `size` pixels; None for a backbone not known here."""
    if backbone.kind == "convnet":
        return 2e-9 * (convnet_macs(backbone.widths, size) + 4 * backbone.widths[-1] * backbone.embedding)
    macs = GIGA_MACS_AT_224.get(backbone.kind)
    return None if macs is None else 2 * macs * (size / 224) ** 2


def convnet_macs(widths: list[int], size: int) -> int:
    """Multiply-adds of the small network's 3x3 convolutions, each of which halves the resolution of `size` pixels."""
    macs = 0
    for inputs, outputs in pairwise([3, *widths]):
        size = (size + 1) // 2
        macs += 9 * inputs * outputs * size * size
    return macs


def training_passes(study: Study, run: Run, images: tuple[int, int]) -> float:
    """Passes of one training; `images` counts those that train and those that are retrieved."""
    config, optimisation = study.trainings[run.training], optimisation_of(study, run)
    validations = -(-optimisation.epochs // optimisation.validate_every)
    validation = 1 + 2 * 5 + 1  # embed, PGD-5, embed
    return optimisation.epochs * images[0] * _step_passes(config) + validations * images[1] * validation


def _step_passes(config: TrainingConfig) -> float:
    """Passes of one training step per image of the batch, by method."""
    attack = 2 * config.attack.steps if config.attack.optimiser in ("pgd", "apgd") else 2
    share = config.attack_rate * config.tuples_per_anchor
    methods = {"natural": STEP, "joint": 1 + attack + STEP, "visualphishnet": STEP + 0.5 * (2 + STEP)}
    return methods.get(config.method, STEP + share * (attack + STEP))


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
