"""The optimisers by the names that a study uses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from robust_dml.attacks.apgd import apgd
from robust_dml.attacks.balls import BALLS, Ball
from robust_dml.attacks.carlini_wagner import carlini_wagner
from robust_dml.attacks.fgsm import fgsm, r_fgsm
from robust_dml.attacks.frozen import Embed
from robust_dml.attacks.noise import noise
from robust_dml.attacks.objectives import Function, Objective
from robust_dml.attacks.pgd import pgd
from robust_dml.attacks.square import square
from robust_dml.config.attacks import AttackConfig, TrainingAttackConfig

Config = AttackConfig | TrainingAttackConfig


def run_attack(
    config: Config,
    embed: Embed,
    images: Tensor,
    objective: Function,
    *,
    epsilon: float,
    seeds: Tensor,
    until: Objective | None = None,
) -> Tensor:
    """Adversarial images (B, ...) for `images`, by the optimiser and norm that `config` names.

    Every random draw of a sample is a function of its entry in `seeds` (B,), so that neither the batch it is in
    nor the order of batches changes its result. In training the last iterate is used, in evaluation the best.
    `until` as in `pgd`; the optimisers that cannot stop early ignore it.
    """
    ball = BALLS[config.norm](epsilon)
    return OPTIMISERS[config.optimiser](_Call(config, embed, images, objective, ball, seeds, until))


def first_point(config: Config, images: Tensor, *, epsilon: float, seeds: Tensor) -> Tensor | None:
    """Where the attack takes its first gradient; None if it takes none of the model that is attacked."""
    if config.optimiser == "fgsm":
        return images
    if config.optimiser in WITHOUT_GRADIENT:
        return None
    return BALLS[config.norm](epsilon).random(images, seeds=seeds)


WITHOUT_GRADIENT = ("noise", "square", "transfer")


@dataclass(frozen=True)
class _Call:
    config: Config
    embed: Embed
    images: Tensor
    objective: Function
    ball: Ball
    seeds: Tensor
    until: Objective | None

    def start(self, restart: int = 0) -> Tensor:
        return self.ball.random(self.images, seeds=self.seeds, stream=restart)


def _pgd(call: _Call) -> Tensor:
    return pgd(
        call.embed,
        call.images,
        call.objective,
        call.ball,
        steps=call.config.steps,
        step_size=call.config.step_size,
        restarts=_restarts(call.config),
        start=call.start,
        keep="best" if isinstance(call.config, AttackConfig) else "last",
        until=call.until,
    )


def _fgsm(call: _Call) -> Tensor:
    return fgsm(call.embed, call.images, call.objective, call.ball, step_size=call.config.step_size)


def _r_fgsm(call: _Call) -> Tensor:
    size = call.config.step_size
    return r_fgsm(call.embed, call.images, call.objective, call.ball, step_size=size, start=call.start())


def _noise(call: _Call) -> Tensor:
    steps = call.config.steps
    return noise(call.embed, call.images, call.objective, call.ball, draws=steps, start=call.start)


def _apgd(call: _Call) -> Tensor:
    restarts = _restarts(call.config)
    steps = call.config.steps
    return apgd(call.embed, call.images, call.objective, call.ball, steps=steps, restarts=restarts, start=call.start)


def _carlini_wagner(call: _Call) -> Tensor:
    assert isinstance(call.config, AttackConfig)
    return carlini_wagner(
        call.embed,
        call.images,
        call.objective,
        call.ball,
        steps=call.config.steps,
        search_steps=call.config.search_steps,
        learning_rate=call.config.step_size,
        start=call.start(),
    )


def _square(call: _Call) -> Tensor:
    steps = call.config.steps
    return square(call.embed, call.images, call.objective, call.ball, queries=steps, seeds=call.seeds)


def _restarts(config: Config) -> int:
    return config.restarts if isinstance(config, AttackConfig) else 1


# `transfer` is PGD on another model, which the caller passes as `embed`.
OPTIMISERS: dict[str, Callable[[_Call], Tensor]] = {
    "fgsm": _fgsm,
    "r-fgsm": _r_fgsm,
    "pgd": _pgd,
    "apgd": _apgd,
    "carlini-wagner": _carlini_wagner,
    "square": _square,
    "noise": _noise,
    "transfer": _pgd,
}
