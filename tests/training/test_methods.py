"""What each method attacks, and that nothing but what it names is perturbed."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from robust_dml.attacks.problem import Problem
from robust_dml.config.attacks import TrainingAttackConfig
from robust_dml.config.training import TrainingConfig
from robust_dml.miners import MinerFunction, Triplets
from robust_dml.miners.distance_weighted import DistanceWeightedMiner
from robust_dml.models import EmbeddingModel
from robust_dml.training import step as step_module
from robust_dml.training.methods import NoTuplesError
from robust_dml.training.methods.visualphishnet import uniform_triplets
from robust_dml.training.step import TrainingStep
from training.tiny_model import loss_of, make_step, tiny_model

EPSILON = 0.05
LABELS = torch.arange(12) % 4
IMAGES = torch.rand(12, 3, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
MINER = DistanceWeightedMiner(cutoff=0.0, nonzero_loss_cutoff=2.0)


def step_for(method: str, *, miner: MinerFunction = MINER, images: Tensor = IMAGES, **settings: object) -> TrainingStep:
    attack = TrainingAttackConfig(epsilon=EPSILON, options={"steps": 10})
    config = TrainingConfig(method=method, attack=attack, **settings)  # type: ignore[arg-type]
    return make_step(tiny_model(), images, LABELS, miner=miner, config=config)


class Spy:
    """Notes the attacks of a step: images before and after, and the objective's value before and after."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clean: list[Tensor] = []
        self.adversarial: list[Tensor] = []
        self.gains: list[Tensor] = []
        attack = step_module.run_attack

        def noting(config: TrainingAttackConfig, problem: Problem) -> Tensor:
            found = attack(config, problem)
            before, after = (problem.objective(problem.embed(images)) for images in (problem.images, found))
            self.clean.append(problem.images)
            self.adversarial.append(found)
            self.gains.append((after - before).detach())
            return found

        monkeypatch.setattr(step_module, "run_attack", noting)


@pytest.mark.parametrize("perturb", ["positive", "negative", "anchor"])
def test_one_adversarial_image_per_tuple_in_the_ball_and_better(monkeypatch: pytest.MonkeyPatch, perturb: str) -> None:
    spy = Spy(monkeypatch)
    step = step_for("robust", perturb=perturb)
    triplets = step.mine(step.embed(step.images))
    loss_of(step)
    assert torch.equal(spy.clean[0], IMAGES[getattr(triplets, perturb)])
    assert (spy.adversarial[0] - spy.clean[0]).abs().max() <= EPSILON + 1e-12
    assert spy.adversarial[0].min() >= 0 and spy.adversarial[0].max() <= 1
    assert (spy.gains[0] > 0).all()


@pytest.mark.parametrize(("rate", "low", "high"), [(1.0, 12, 12), (0.5, 1, 11), (0.0, 0, 0)])
def test_attack_rate(monkeypatch: pytest.MonkeyPatch, rate: float, low: int, high: int) -> None:
    spy = Spy(monkeypatch)
    step = step_for("robust", attack_rate=rate)
    loss = loss_of(step)
    assert low <= sum(len(images) for images in spy.clean) <= high
    if rate == 0:
        torch.testing.assert_close(loss, loss_of(step_for("natural")))


def test_a_tuple_more_per_anchor_is_an_adversarial_image_more(monkeypatch: pytest.MonkeyPatch) -> None:
    spy = Spy(monkeypatch)
    loss_of(step_for("robust", tuples_per_anchor=2))
    assert len(spy.clean[0]) == 24


def test_the_epsilon_of_a_ramp(monkeypatch: pytest.MonkeyPatch) -> None:
    spy = Spy(monkeypatch)
    loss_of(step_for("robust", ramp_epochs=5))
    assert (spy.adversarial[0] - spy.clean[0]).abs().max().item() == pytest.approx(EPSILON / 5)


def test_robust_loss_is_that_of_the_perturbed_images(monkeypatch: pytest.MonkeyPatch) -> None:
    spy = Spy(monkeypatch)
    step = step_for("robust", perturb="positive")
    loss = loss_of(step)
    model = step.forward.model
    triplets = step.mine(model(IMAGES))
    anchor, positive, negative = (
        model(IMAGES[triplets.anchor]),
        model(spy.adversarial[0]),
        model(IMAGES[triplets.negative]),
    )
    terms = relu((anchor - positive).norm(dim=1) - (anchor - negative).norm(dim=1) + 0.2)
    torch.testing.assert_close(loss, terms[terms > 0].mean())


def test_identical_images_give_finite_gradients() -> None:
    same = torch.full((12, 3, 8, 8), 0.5, dtype=torch.float64)
    everyone = torch.arange(12)
    miner = lambda *_: Triplets(everyone, (everyone + 4) % 12, (everyone + 1) % 12)  # noqa: E731
    for perturb in ("positive", "negative", "anchor"):
        step = step_for("robust", perturb=perturb, images=same, miner=miner)
        loss_of(step).backward()
        assert all(p.grad is not None and p.grad.isfinite().all() for p in step.forward.model.parameters())


def test_joint_raises_the_loss_of_the_whole_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    spy = Spy(monkeypatch)
    step = step_for("joint")
    loss = loss_of(step)
    assert torch.equal(spy.clean[0], IMAGES)
    model = step.forward.model
    triplets = step.mine(model(IMAGES))
    torch.testing.assert_close(loss, step.loss(model(spy.adversarial[0]), LABELS, triplets))
    assert loss > step.loss(model(IMAGES), LABELS, triplets)


def test_visualphishnet_perturbs_half_of_the_anchors_by_one_epsilon(monkeypatch: pytest.MonkeyPatch) -> None:
    spy = Spy(monkeypatch)
    images = IMAGES * 0.8 + 0.1
    step = step_for("visualphishnet", images=images, options={"epsilon": [0.02, 0.04], "margin": 2.2})
    loss = loss_of(step)
    assert len(spy.clean[0]) == 6
    sizes = (spy.adversarial[0] - spy.clean[0]).abs().flatten(1).amax(1)
    assert 0.02 < sizes[0] < 0.04
    torch.testing.assert_close(sizes, sizes[:1].expand(6))
    assert (spy.gains[0] > 0).all()
    assert 0 < loss < 2.2 + 4


def test_visualphishnet_loss_in_a_plain_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    spy = Spy(monkeypatch)
    step = step_for("visualphishnet", options={"margin": 0.5})
    loss = loss_of(step)
    model = step.forward.model
    triplets = uniform_triplets(LABELS, step.generator("tuples"))
    half = torch.randperm(12, generator=step.generator("attacked"))[:6].tolist()
    terms = []
    for row, (a, p, n) in enumerate(zip(*(rows.tolist() for rows in triplets), strict=True)):
        anchor = spy.adversarial[0][half.index(row)] if row in half else IMAGES[a]
        anchor, positive, negative = (model(image[None])[0] for image in (anchor, IMAGES[p], IMAGES[n]))
        terms.append(relu((anchor - positive).square().sum() - (anchor - negative).square().sum() + 0.5))
    torch.testing.assert_close(loss, torch.stack(terms).mean())


def test_uniform_triplets() -> None:
    labels = torch.tensor([0, 0, 0, 1, 1, 2])
    drawn = [uniform_triplets(labels, torch.Generator().manual_seed(seed)) for seed in range(300)]
    assert drawn[0].anchor.tolist() == [0, 1, 2, 3, 4]
    for triplets in drawn:
        assert (labels[triplets.anchor] == labels[triplets.positive]).all()
        assert (triplets.anchor != triplets.positive).all()
        assert (labels[triplets.anchor] != labels[triplets.negative]).all()
    of_first = [(int(t.positive[0]), int(t.negative[0])) for t in drawn]
    assert {pair: of_first.count(pair) > 25 for pair in of_first} == {(p, n): True for p in (1, 2) for n in (3, 4, 5)}
    with pytest.raises(NoTuplesError):
        uniform_triplets(torch.zeros(3), torch.Generator())


@pytest.mark.parametrize("method", ["robust", "joint", "visualphishnet"])
def test_a_step_repeats_itself_and_differs_from_the_next(method: str) -> None:
    first, again = step_for(method), step_for(method)
    torch.testing.assert_close(loss_of(first), loss_of(again), rtol=0, atol=0)
    following = replace(first, number=1)
    assert loss_of(following) != loss_of(again)


def test_where_batchnorm_is_live_the_loss_is_that_of_one_pass_over_all_images(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spy = Spy(monkeypatch)
    torch.manual_seed(0)
    layers = (nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    model = EmbeddingModel(nn.Sequential(*layers)).double()
    config = TrainingConfig(method="robust", attack=TrainingAttackConfig(epsilon=EPSILON))
    everyone = torch.arange(12)
    fixed = Triplets(everyone, (everyone + 4) % 12, (everyone + 1) % 12)
    step = make_step(model, IMAGES, LABELS, miner=lambda *_: fixed, config=config, freeze_batchnorm=False)
    loss = loss_of(step)
    embeddings = model.train()(torch.cat([IMAGES, spy.adversarial[0]]).float().double())
    redirected = fixed._replace(positive=12 + everyone)
    torch.testing.assert_close(loss.double(), step.loss(embeddings, LABELS, redirected), rtol=1e-5, atol=1e-6)
