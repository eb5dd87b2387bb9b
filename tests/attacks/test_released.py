"""The released attacks as an evaluation runs them: the starts of the sample's seeds, away from the own embedding."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
import torch

from attacks.networks import images, small
from robust_dml.attacks import released
from robust_dml.attacks.balls import BALLS
from robust_dml.config.attacks import AttackConfig
from robust_dml.records import OPTIMISERS

SEEDS = torch.arange(6) + 3


def config(optimiser: str, norm: Any, **options: int) -> AttackConfig:
    return AttackConfig(optimiser=optimiser, norm=norm, epsilon=[0.05], options=options)


@pytest.mark.parametrize("norm", BALLS)
def test_each_wrapper_runs_its_function_with_seeded_noise(norm: Any) -> None:
    model, x, ball = small(), images(), BALLS[norm](0.05)
    own = model(x).detach()
    objective = released.objective(own)
    noise = torch.stack([ball.noise(x, seeds=SEEDS, stream=restart) for restart in range(2)])
    expected = {
        "run_pgd": released.pgd(model, x, objective, norm, 0.05, noise=noise, steps=3),
        "run_fgsm": released.fgsm(model, x, objective, norm, 0.05),
        "run_r_fgsm": released.fgsm(model, x, objective, norm, 0.05, noise=noise[0]),
        "run_carlini_wagner": released.carlini_wagner(model, x, objective, norm, 0.05, noise=noise[0]),
    }
    attacks = {
        "run_pgd": config("pgd", norm, steps=3, restarts=2),
        "run_fgsm": config("fgsm", norm),
        "run_r_fgsm": config("r-fgsm", norm),
        "run_carlini_wagner": config("carlini-wagner", norm, steps=5),
    }
    for name, images_expected in expected.items():
        found = getattr(released, name)(model, x, own, attacks[name], 0.05, SEEDS)
        assert torch.equal(found, images_expected), name
        assert attacks[name].record.released == f"robust_dml.attacks.released:{name}"


def test_every_record_with_a_released_version_names_a_function_and_its_cost() -> None:
    found = {name for name in OPTIMISERS.names if OPTIMISERS.load(name).released}
    assert found == {"pgd", "fgsm", "r-fgsm", "carlini-wagner"}
    for name in found:
        record = OPTIMISERS.load(name)
        module, _, function = str(record.released).partition(":")
        assert callable(getattr(import_module(module), function))
        assert (
            record.released_passes(
                record.options(steps=3) if "steps" in record.options.model_fields else record.options()
            )
            > 0
        )
