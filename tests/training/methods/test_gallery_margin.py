"""The gallery margin restated in loops: what the attack raises, what a step learns, and what the bank holds."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from robust_dml.attacks.problem import Problem
from robust_dml.config.training import TrainingConfig
from robust_dml.miners.by_hardness import HardnessMiner
from robust_dml.training import step as step_module
from robust_dml.training.methods import NoTuplesError
from robust_dml.training.methods.gallery_margin import GalleryMargin, GalleryMarginOptions
from robust_dml.training.step import TrainingStep
from training.tiny_model import make_step, tiny_model

EPSILON, TEMPERATURE, MARGIN = 0.05, 0.2, 0.1
LABELS = torch.arange(12) % 4
IMAGES = torch.rand(12, 3, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
MINER = HardnessMiner(strategy="random")


def step_for(labels: Tensor = LABELS, **options: Any) -> TrainingStep:
    settings = {"temperature": TEMPERATURE, "margin": MARGIN, "clean": 0.5, **options}
    config = TrainingConfig(method="gallery-margin", attack={"epsilon": EPSILON, "steps": 3}, options=settings)
    return make_step(tiny_model(), IMAGES, labels, miner=MINER, config=config)


def built(step: TrainingStep) -> GalleryMargin:
    method = step.config.record.build(step.config.options)
    assert isinstance(method, GalleryMargin)
    return method


def embedded(step: TrainingStep, images: Tensor) -> list[list[float]]:
    with torch.no_grad():
        found = step.embed(images)
    return (found / found.norm(dim=1, keepdim=True)).tolist()


def naive_margins(queries: list[list[float]], gallery: list[list[float]], bank: list[tuple[list[float], int]]) -> Any:
    """One margin a query, from sums over its own class, other classes of the batch, and other classes of the bank."""
    found = []
    for number, query in enumerate(queries):
        own, others = 0.0, 0.0
        for place, item in enumerate(gallery):
            weight = math.exp(sum(a * b for a, b in zip(query, item, strict=True)) / TEMPERATURE)
            if LABELS[place] != LABELS[number]:
                others += weight
            elif place != number:
                own += weight
        for item, label in bank:
            if label != LABELS[number]:
                others += math.exp(sum(a * b for a, b in zip(query, item, strict=True)) / TEMPERATURE)
        found.append(TEMPERATURE * (math.log(others) - math.log(own)))
    return found


def naive_hinge(margins: list[float]) -> float:
    terms = [TEMPERATURE * math.log(1 + math.exp((m + MARGIN) / TEMPERATURE)) for m in margins]
    return sum(terms) / len(terms)


class Spy:
    """Notes the attack of a step: its images, and the objective of the clean and of the moved ones."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.moved, self.before, self.after = torch.zeros(0), torch.zeros(0), torch.zeros(0)
        attack = step_module.run_attack

        def noting(config: Any, problem: Problem) -> Tensor:
            self.moved = attack(config, problem)
            with torch.no_grad():
                at = (problem.objective(problem.embed(images)) for images in (problem.images, self.moved))
                self.before, self.after = at
            return self.moved

        monkeypatch.setattr(step_module, "run_attack", noting)


@pytest.mark.parametrize(("clean", "bank"), [(0.5, 0), (0.0, 0), (0.5, 2)])
def test_loss_and_inner_objective_restated(monkeypatch: pytest.MonkeyPatch, clean: float, bank: int) -> None:
    spy, step = Spy(monkeypatch), step_for(clean=clean, bank=bank)
    method, known = built(step), []
    if bank:
        vectors = torch.nn.functional.normalize(torch.randn(5, 8, generator=torch.Generator().manual_seed(1))).double()
        method.load({"embeddings": vectors, "labels": torch.tensor([0, 1, 1, 2, 9])})
        known = list(zip(vectors.tolist(), [0, 1, 1, 2, 9], strict=True))
    loss = method.loss(step)
    gallery = embedded(step, IMAGES)
    before = naive_margins(gallery, gallery, known)
    after = naive_margins(embedded(step, spy.moved), gallery, known)
    assert spy.before.tolist() == pytest.approx(before) and spy.after.tolist() == pytest.approx(after)
    assert loss.item() == pytest.approx(naive_hinge(after) + clean * naive_hinge(before))


def test_every_image_moves_in_its_ball_and_raises_its_own_margin(monkeypatch: pytest.MonkeyPatch) -> None:
    spy, step = Spy(monkeypatch), step_for()
    built(step).loss(step)
    assert (spy.moved - IMAGES).abs().amax((1, 2, 3)).min() > 0
    assert (spy.moved - IMAGES).abs().max() <= EPSILON + 1e-12
    assert (spy.after > spy.before).all()


def test_the_gallery_learns_but_the_attack_takes_it_for_constant() -> None:
    step = step_for(clean=0.0)
    loss = built(step).loss(step)
    loss.backward()
    fixed = step_for(clean=0.0)
    method = built(fixed)
    margin = method.margin_of(torch.nn.functional.normalize(fixed.embed(IMAGES)), LABELS)
    adversarial = fixed.attack(IMAGES, margin.constant())
    method.hinge(margin.constant()(fixed.embed(adversarial))).backward()
    pairs = zip(step.forward.model.parameters(), fixed.forward.model.parameters(), strict=True)
    assert any(not torch.allclose(one.grad, other.grad) for one, other in pairs)


def test_the_bank_keeps_the_last_batches_only() -> None:
    step = step_for(bank=2)
    method = built(step)
    clean = torch.nn.functional.normalize(step.embed_fixed(IMAGES))
    for round_number in range(3):
        method.remember(clean + round_number, LABELS)
    state = method.state()
    torch.testing.assert_close(state["embeddings"], torch.cat([clean + 1, clean + 2]))
    assert state["labels"].tolist() == LABELS.tolist() * 2
    other = GalleryMargin(GalleryMarginOptions(bank=2))
    other.load(state)
    assert other.state()["embeddings"].equal(state["embeddings"])


@pytest.mark.parametrize("labels", [torch.arange(12), torch.zeros(12, dtype=torch.int64)])
def test_a_batch_without_a_right_or_a_wrong_answer_is_left_out(labels: Tensor) -> None:
    step = step_for(labels)
    with pytest.raises(NoTuplesError):
        built(step).loss(step)


def test_a_step_costs_a_clean_batch_an_attack_and_an_adversarial_batch() -> None:
    config = step_for().config
    assert config.record.passes(config, 6.0) == 3 + 6 + 3
