"""Attacks by the names of a study."""

from __future__ import annotations

from typing import Any, get_args

import pytest
import torch
from pydantic import ValidationError

from attacks.networks import images, small
from robust_dml.attacks.balls import BALLS
from robust_dml.attacks.objectives import margin, repel
from robust_dml.attacks.registry import OPTIMISERS, WITHOUT_GRADIENT, first_point, run_attack
from robust_dml.config.attacks import AttackConfig, Optimiser, TrainingAttackConfig

EXTRA: dict[str, dict[str, Any]] = {"transfer": {"source": "natural"}}


def config(optimiser: Any, norm: Any = "linf") -> AttackConfig:
    return AttackConfig(optimiser=optimiser, norm=norm, epsilon=0.05, steps=4, restarts=2, **EXTRA.get(optimiser, {}))


def test_every_optimiser_of_the_configuration_is_known() -> None:
    assert set(OPTIMISERS) == set(get_args(Optimiser)) - {"worst-case"}


@pytest.mark.parametrize("norm", BALLS)
@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_allowed_and_the_same_in_any_batch(optimiser: str, norm: Any) -> None:
    model, x, seeds = small(), images(), torch.arange(6) * 7
    references = model(x.flip(0)).detach()
    settings = config(optimiser, norm)
    together = run_attack(settings, model, x, repel(references), epsilon=0.05, seeds=seeds)
    order = torch.tensor([4, 1, 0])
    some = run_attack(settings, model, x[order], repel(references[order]), epsilon=0.05, seeds=seeds[order])
    torch.testing.assert_close(together[order], some, rtol=0, atol=1e-9)
    assert (BALLS[norm](0.05).size(together - x) <= 0.05 + 1e-9).all()
    assert together.min() >= 0 and together.max() <= 1


def test_training_takes_the_last_iterate_and_evaluation_the_best() -> None:
    model, x, seeds = small(), images(), torch.arange(6)
    objective = repel(model(x).detach())
    training = TrainingAttackConfig(steps=6, step_size=0.09)
    evaluation = AttackConfig(optimiser="pgd", epsilon=0.1, steps=6, step_size=0.09)
    last = objective(model(run_attack(training, model, x, objective, epsilon=0.1, seeds=seeds)))
    best = objective(model(run_attack(evaluation, model, x, objective, epsilon=0.1, seeds=seeds)))
    assert (best >= last).all()
    assert (best > last).any()


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_first_point(optimiser: str) -> None:
    x, seeds = images(), torch.arange(6)
    point = first_point(config(optimiser), x, epsilon=0.05, seeds=seeds)
    assert (point is None) == (optimiser in WITHOUT_GRADIENT)
    if point is not None:
        assert torch.equal(point, x) == (optimiser == "fgsm")


def test_until_is_heeded_by_pgd() -> None:
    model, x = small(), images(10)
    gallery, labels, ids = model(x).detach(), torch.arange(10) % 2, torch.arange(10)
    top = margin(labels, gallery, labels, query_ids=ids, gallery_ids=ids)
    settings = AttackConfig(optimiser="pgd", epsilon=0.05, steps=8)
    seeds = torch.arange(10)
    whole = run_attack(settings, model, x, top, epsilon=0.05, seeds=seeds)
    early = run_attack(settings, model, x, top, epsilon=0.05, seeds=seeds, until=top)
    assert torch.equal(top(model(whole)) > 0, top(model(early)) > 0)
    assert not torch.equal(whole, early)


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        ({"optimiser": "pgd"}, "steps: missing"),
        ({"optimiser": "transfer", "steps": 2}, "source"),
        ({"optimiser": "pgd", "steps": 2, "source": "natural"}, "source"),
        ({"optimiser": "worst-case"}, "members"),
        ({"optimiser": "fgsm", "members": ["pgd"]}, "members"),
        ({"optimiser": "fgsm", "epsilon": [0.1, 0.1]}, "stands twice"),
    ],
)
def test_configurations_that_make_no_sense(mistake: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        AttackConfig(**{"epsilon": 0.1, **mistake})
