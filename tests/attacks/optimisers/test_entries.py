"""What holds for every optimiser of the package, by its name."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from attacks.networks import images, small
from robust_dml.attacks.balls import BALLS
from robust_dml.attacks.objectives import margin, repel
from robust_dml.attacks.problem import Problem
from robust_dml.config.attacks import AttackConfig, TrainingAttackConfig
from robust_dml.records import OPTIMISERS
from robust_dml.retrieval import Items

OPTIONS: dict[str, Any] = {"steps": 4, "restarts": 2, "source": "natural"}
NAMES = [name for name in OPTIMISERS.names if OPTIMISERS.load(name).attack is not None]


def config(name: str, norm: Any = "linf") -> AttackConfig:
    """The optimiser with those of OPTIONS that it has."""
    known = OPTIMISERS.load(name).options.model_fields
    return AttackConfig(
        optimiser=name, norm=norm, epsilon=[0.05], options={k: v for k, v in OPTIONS.items() if k in known}
    )


def problem(
    embed: Any, x: Tensor, objective: Any, norm: str = "linf", epsilon: float = 0.05, **changes: Any
) -> Problem:
    given = {"seeds": torch.arange(len(x)) * 7, **changes}
    return Problem(embed=embed, images=x, objective=objective, ball=BALLS[norm](epsilon), **given)


def test_the_optimisers_of_the_paper_and_the_controls_are_there() -> None:
    expected = "apgd carlini-wagner fgsm noise pgd r-fgsm square standard-v1 transfer worst-case"
    assert OPTIMISERS.names == expected.split()
    assert set(OPTIMISERS.names) - set(NAMES) == {"standard-v1", "worst-case"}


@pytest.mark.parametrize("norm", BALLS)
@pytest.mark.parametrize("name", NAMES)
def test_allowed_and_the_same_in_any_batch(name: str, norm: str) -> None:
    model, x, seeds = small(), images(), torch.arange(6) * 7
    references = model(x.flip(0)).detach()
    attack = config(name, norm)
    together = attack.record.attack(problem(model, x, repel(references), norm, seeds=seeds), attack.options)
    order = torch.tensor([4, 1, 0])
    some = attack.record.attack(
        problem(model, x[order], repel(references[order]), norm, seeds=seeds[order]), attack.options
    )
    torch.testing.assert_close(together[order], some, rtol=0, atol=1e-9)
    assert (BALLS[norm](0.05).size(together - x) <= 0.05 + 1e-9).all()
    assert together.min() >= 0 and together.max() <= 1


@pytest.mark.parametrize("name", NAMES)
def test_an_objective_that_is_nan_is_a_success_of_the_attack(name: str) -> None:
    model, x = small(), images()
    references = model(x.flip(0)).detach()
    references[3] = torch.nan
    attack = config(name)
    found = attack.record.attack(problem(model, x, repel(references)), attack.options)
    assert torch.isfinite(found).all()
    assert (BALLS["linf"](0.05).size(found - x) <= 0.05 + 1e-9).all()
    if attack.record.first_gradient != "clean":
        assert not torch.equal(found[3], x[3])


@pytest.mark.parametrize("name", NAMES)
def test_the_first_gradient_is_taken_where_the_record_says(name: str) -> None:
    model, x = small(), images()
    places: list[Tensor] = []

    def embed(batch: Tensor) -> Tensor:
        if torch.is_grad_enabled():
            places.append(batch.detach().clone())
        return model(batch)

    attack = config(name)
    given = problem(embed, x, repel(model(x.flip(0)).detach()))
    attack.record.attack(given, attack.options)
    first = attack.record.first_gradient
    if name in ("noise", "square"):
        assert first == "none" and not places
    elif name == "transfer":
        assert first == "none"  # its gradients are those of another model
    else:
        assert first == ("clean" if name == "fgsm" else "random")
        assert torch.equal(places[0], x if first == "clean" else given.start())


def test_training_takes_the_last_iterate_and_evaluation_the_best() -> None:
    model, x = small(), images()
    objective = repel(model(x).detach())
    training = TrainingAttackConfig(options={"steps": 6, "step_size": 0.09})
    evaluation = AttackConfig(optimiser="pgd", epsilon=[0.1], options={"steps": 6, "step_size": 0.09})
    last, best = (
        objective(model(found.record.attack(problem(model, x, objective, epsilon=0.1, keep=keep), found.options)))
        for found, keep in ((training, "last"), (evaluation, "best"))
    )
    assert (best >= last).all()
    assert (best > last).any()


def test_pgd_leaves_a_sample_once_until_is_above_zero() -> None:
    model, x = small(), images(10)
    items = Items(model(x).detach(), torch.arange(10) % 2, torch.arange(10))
    top = margin(items, items)
    attack = AttackConfig(optimiser="pgd", epsilon=[0.05], options={"steps": 8})
    seeds = torch.arange(10)
    whole = attack.record.attack(problem(model, x, top, seeds=seeds), attack.options)
    early = attack.record.attack(problem(model, x, top, seeds=seeds, until=top), attack.options)
    assert torch.equal(top(model(whole)) > 0, top(model(early)) > 0)
    assert not torch.equal(whole, early)


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        ({"optimiser": "pgd"}, "steps: missing"),
        ({"optimiser": "transfer", "steps": 2}, "source: missing"),
        ({"optimiser": "pgd", "steps": 2, "source": "natural"}, "source: unknown key; pgd has the options steps"),
        ({"optimiser": "worst-case"}, "members: missing"),
        ({"optimiser": "worst-case", "members": ["a", "a"]}, "duplicate member"),
        ({"optimiser": "fgsm", "members": ["pgd"]}, "members: unknown key"),
        ({"optimiser": "fgsm", "epsilon": [0.1, 0.1]}, "duplicate epsilon"),
        ({"optimiser": "fgms"}, "did you mean fgsm"),
    ],
)
def test_configurations_that_make_no_sense(mistake: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        AttackConfig(**{"epsilon": 0.1, **mistake})
