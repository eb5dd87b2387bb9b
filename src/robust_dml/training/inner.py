"""The inner problem of a defence: move images inside their balls so that one loss of all of them falls."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from robust_dml.attacks.descent import BatchLoss, Stop, descend
from robust_dml.attacks.optimisers.pgd import PgdOptions
from robust_dml.runtime.lazy import Tensor, torch

if TYPE_CHECKING:
    from robust_dml.attacks.frozen import Embed
    from robust_dml.config.training import TrainingConfig
    from robust_dml.training.step import TrainingStep


def perturb(
    step: TrainingStep,
    images: Tensor,
    loss: BatchLoss,
    *,
    embed: Embed | None = None,
    first: BatchLoss | None = None,
    random_start: bool = False,
    momentum: float = 0.0,
    pace: float = 1.0,
    stop: Stop | None = None,
) -> Tensor:
    """Return `images` (P, 3, H, W) moved by the attack of the training so that `loss` falls.

    Weights are constants and BatchNorm is as in evaluation; `embed` is another network than the step's. `pace` scales
    the length of each step. Every process of a training moves all images, since the loss may join them.
    """
    ball, options = step.ball(), cast(PgdOptions, step.config.attack.options)
    size = ball.step_size(options.steps) if options.step_size is None else options.step_size
    rows = torch.arange(len(images), device=images.device)
    return descend(
        step.forward.embed_constant if embed is None else embed,
        images,
        loss,
        ball,
        start=ball.random(images, seeds=step.seeds(rows)) if random_start else images,
        steps=options.steps,
        step_size=pace * size,
        first=first,
        momentum=momentum,
        stop=stop,
    ).images


def only_pgd_of_own_tuples(config: TrainingConfig) -> str | None:
    """Return what is wrong with the settings of a method that also draws one tuple an anchor by itself."""
    if config.tuples_per_anchor != 1:
        return f"tuples_per_anchor: expected 1, which {config.method} draws, found {config.tuples_per_anchor}"
    if config.miner is not None:
        return f"miner: {config.method} draws tuples by options of its own; remove it"
    return only_pgd(config)


def only_pgd(config: TrainingConfig) -> str | None:
    """Return what is wrong with the attack of a training whose inner problem `perturb` solves."""
    found = config.attack.optimiser
    if found != "pgd":
        return f"attack.optimiser: expected pgd, the only one that {config.method} uses, found {found}"
    if config.attack.options.restarts > 1:
        return f"attack.restarts: expected 1, since {config.method} keeps the last iterate, found more"
    return None
