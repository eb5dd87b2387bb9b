"""What a step offers to methods, above all perturbing several slots of a tuple jointly."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from robust_dml.attacks import LinfBall
from robust_dml.attacks.balls import BALLS
from robust_dml.attacks.objectives import repel
from robust_dml.config.attacks import TrainingAttackConfig
from robust_dml.config.training import TrainingConfig
from robust_dml.miners import Triplets
from robust_dml.runtime.randomness import sample_seeds
from robust_dml.training.step import TrainingStep
from training.tiny_model import make_step, tiny_model

EPSILON, STEPS = 0.05, 4
LABELS = torch.arange(12) % 4
IMAGES = torch.rand(12, 3, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
TRIPLETS = Triplets(torch.tensor([0, 1, 2, 0, 5]), torch.tensor([4, 5, 6, 8, 1]), torch.tensor([1, 2, 3, 3, 0]))


def step_of(norm: str = "linf", optimiser: str = "pgd") -> TrainingStep:
    options = {} if optimiser == "fgsm" else {"steps": STEPS}
    attack = TrainingAttackConfig(optimiser=optimiser, norm=norm, epsilon=EPSILON, options=options)  # type: ignore[arg-type]
    config = TrainingConfig(method="natural", attack=attack)
    return make_step(tiny_model(), IMAGES, LABELS, miner=lambda *_: TRIPLETS, config=config)


def collapse(anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
    """Bring positive and negative together, away from the anchor."""
    return (anchor - positive).norm(dim=1) - (positive - negative).norm(dim=1)


def naive_pgd(step: TrainingStep, number: int, slots: tuple[str, ...], norm: str) -> list[Tensor]:
    """PGD on the perturbed images of one tuple, written out."""
    model, ball = step.forward.model, BALLS[norm](EPSILON)
    rows = {slot: int(getattr(TRIPLETS, slot)[number]) for slot in ("anchor", "positive", "negative")}
    count = len(TRIPLETS.anchor)
    clean = {slot: IMAGES[rows[slot]][None] for slot in slots}
    x = {}
    for position, slot in enumerate(slots):
        seeds = sample_seeds(torch.tensor([position * count + number]), 0, "attack", 0, 0)
        x[slot] = ball.random(clean[slot], seeds=seeds)
    for _ in range(STEPS):
        variables = {slot: image.clone().requires_grad_() for slot, image in x.items()}
        images = {**{slot: IMAGES[row][None] for slot, row in rows.items()}, **variables}
        value = collapse(*(model(images[slot]) for slot in ("anchor", "positive", "negative")))
        gradients = torch.autograd.grad(value.sum(), list(variables.values()))
        for slot, gradient in zip(slots, gradients, strict=True):
            x[slot] = ball.project(x[slot] + ball.step_size(STEPS) * ball.step(gradient), clean[slot])
    return [x[slot][0] for slot in slots]


@pytest.mark.parametrize("norm", ["linf", "l2"])
@pytest.mark.parametrize("slots", [("positive", "negative"), ("anchor", "positive", "negative"), ("negative",)])
def test_slots_of_a_tuple_move_jointly_and_each_tuple_alone(slots: tuple[str, ...], norm: str) -> None:
    step = step_of(norm)
    found = step.attack_slots(TRIPLETS, slots, collapse, step.embed(IMAGES))  # type: ignore[arg-type]
    for number in range(len(TRIPLETS.anchor)):
        for images, expected in zip(found, naive_pgd(step, number, slots, norm), strict=True):
            torch.testing.assert_close(images[number], expected, rtol=1e-9, atol=1e-10)


def test_each_perturbed_image_stays_in_its_own_ball_and_the_objective_rises() -> None:
    step = step_of("l2")
    benign = step.embed(IMAGES).detach()
    positives, negatives = step.attack_slots(TRIPLETS, ("positive", "negative"), collapse, benign)
    for images, rows in ((positives, TRIPLETS.positive), (negatives, TRIPLETS.negative)):
        norms = (images - IMAGES[rows]).flatten(1).norm(dim=1)
        assert (norms <= EPSILON + 1e-9).all() and (norms > EPSILON / 2).all()
    model = step.forward.model
    before = collapse(*(benign[rows] for rows in TRIPLETS))
    after = collapse(benign[TRIPLETS.anchor], model(positives), model(negatives))
    assert (after > before).all()


def test_one_slot_is_the_attack_of_single_images() -> None:
    step = step_of()
    benign = step.embed(IMAGES)
    away = lambda anchor, positive, negative: (positive - anchor).norm(dim=1)  # noqa: E731
    (found,) = step.attack_slots(TRIPLETS, ("positive",), away, benign)
    expected = step.attack(IMAGES[TRIPLETS.positive], repel(benign[TRIPLETS.anchor]))
    torch.testing.assert_close(found, expected, rtol=0, atol=0)


def test_another_attack_and_radius() -> None:
    step = step_of()
    fgsm = TrainingAttackConfig(optimiser="fgsm")
    found = step.attack_slots(TRIPLETS, ("anchor",), collapse, step.embed(IMAGES), attack=fgsm, epsilon=0.01)
    assert (found[0] - IMAGES[TRIPLETS.anchor]).abs().max() <= LinfBall(0.01).epsilon + 1e-12
    assert torch.equal(found[0], LinfBall(0.01).project(found[0], IMAGES[TRIPLETS.anchor]))


def test_no_tuples_have_no_images() -> None:
    step = step_of()
    none = TRIPLETS.rows(slice(0, 0))
    found = step.attack_slots(none, ("positive", "negative"), collapse, step.embed(IMAGES))
    assert [tuple(images.shape) for images in found] == [(0, 3, 8, 8)] * 2
