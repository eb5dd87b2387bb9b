"""The published defences: what moves, what it lowers, and that a training goes on to the bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from robust_dml.attacks.descent import Descent, descend
from robust_dml.config import Run, load_study
from robust_dml.config.training import TrainingConfig
from robust_dml.miners.by_hardness import HardnessMiner
from robust_dml.models import EmbeddingModel
from robust_dml.models.ensemble import Ensemble, members_of
from robust_dml.records import METHODS
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.files import sha256_of
from robust_dml.training import inner, train
from robust_dml.training.methods.eat import Eat, EatOptions, proxy_anchor
from robust_dml.training.methods.hm import HardnessManipulation, HmOptions
from robust_dml.training.step import TrainingStep
from training.conftest import MakeStudy
from training.test_resume import interrupted, model_path
from training.tiny_model import loss_of, make_step, tiny_model

EPSILON, STEPS = 0.05, 3
LABELS = torch.arange(12) % 4
IMAGES = torch.rand(12, 3, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
MINER = HardnessMiner(strategy="semihard", margin=1.0)
MOVED = {  # images that move, of 12 anchors with a tuple each
    **dict.fromkeys(["act", "ramd", "rest", "ca-tride"], 24),
    **dict.fromkeys(["amd", "tbc", "hm", "amdsemi"], 36),
    **dict.fromkeys(["est", "ses", "fare", "sma", "goat", "fna"], 12),
}
DEFENCES = list(MOVED)  # eat has tests of its own


def step_for(method: str, **settings: Any) -> TrainingStep:
    config = TrainingConfig(method=method, attack={"epsilon": EPSILON, "steps": STEPS}, **settings)
    return make_step(tiny_model(), IMAGES, LABELS, miner=MINER, config=config)


class Spy:
    """Notes the descent of a step: the images before and after, and the loss before and after."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.images = self.moved = torch.zeros(0)
        self.before = self.after = self.calls = 0.0
        monkeypatch.setattr(inner, "descend", self)

    def __call__(self, embed: Any, images: Tensor, loss: Any, ball: Any, **how: Any) -> Descent:
        found = descend(embed, images, loss, ball, **how)
        self.images, self.moved, self.calls = images, found.images, self.calls + 1
        self.before, self.after = float(loss(embed(how["start"]))), float(loss(embed(found.images)))
        return found


def test_every_defence_is_here() -> None:
    found = {name for name in METHODS.names if METHODS.load(name).refuses.__module__ == inner.__name__}
    assert found == {*DEFENCES, "eat"}


@pytest.mark.parametrize("method", ["hm", "ca-tride"])
@pytest.mark.parametrize("settings", [{"tuples_per_anchor": 2}, {"miner": {"kind": "by-hardness"}}])
def test_a_method_that_draws_its_tuples_takes_no_miner(method: str, settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(settings))}: "):
        TrainingConfig(method=method, **settings)


@pytest.mark.parametrize("method", DEFENCES)
def test_images_move_in_the_ball_and_lower_the_inner_loss(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    harder = {"options": {"destination": 1.0}} if method == "hm" else {}
    spy, step = Spy(monkeypatch), step_for(method, **harder)
    built = step.config.record.build(step.config.options)
    built.prepare(step.forward.model, classes=4, seed=0)
    if method == "amdsemi":
        built.load({"last": torch.tensor(0.0)})  # until then the tuples are as hard as wanted
    loss = built.loss(step)
    assert loss.requires_grad and torch.isfinite(loss)
    assert spy.calls == 1 and len(spy.moved) == MOVED[method]
    assert (spy.moved - spy.images).abs().max() <= EPSILON + 1e-12
    assert spy.moved.min() >= 0 and spy.moved.max() <= 1
    if method == "ca-tride":
        assert spy.moved.equal(spy.images)  # the first epoch is clean
    else:
        assert spy.after < spy.before


@pytest.mark.parametrize("method", DEFENCES)
def test_a_step_repeats_and_the_radius_ramps(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    losses = []
    for _ in range(2):
        spy, step = Spy(monkeypatch), step_for(method, ramp_epochs=4)
        built = step.config.record.build(step.config.options)
        built.prepare(step.forward.model, classes=4, seed=0)
        losses.append(built.loss(step).detach())
        assert (spy.moved - spy.images).abs().max() <= EPSILON / 4 + 1e-12
    assert losses[0].equal(losses[1])


@pytest.mark.parametrize("method", DEFENCES)
@pytest.mark.parametrize("attack", [{"optimiser": "fgsm"}, {"optimiser": "pgd", "steps": 2, "restarts": 2}])
def test_another_attack_is_refused(method: str, attack: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"attack\.(optimiser|restarts): expected"):
        TrainingConfig(method=method, attack=attack)


def test_released_embedding_shift_begins_at_the_clean_image(monkeypatch: pytest.MonkeyPatch) -> None:
    starts = []
    noting = inner.descend

    def spy(*args: Any, **how: Any) -> Descent:
        starts.append(how["start"])
        return noting(*args, **how)

    monkeypatch.setattr(inner, "descend", spy)
    for as_released in (True, False):
        loss_of(step_for("est", options={"as_released": as_released}))
    assert starts[0].equal(IMAGES) and not starts[1].equal(IMAGES)


@pytest.mark.parametrize(
    ("last", "power", "expected"), [(0.0, 1, 0.0), (0.05, 1, -0.05), (0.05, 2, -0.0125), (9, 1, -0.2)]
)
def test_gradual_destination(last: float, power: float, expected: float) -> None:
    method = HardnessManipulation(HmOptions(power=power))
    assert float(method.gradual()) == pytest.approx(-0.2)
    method.load({"last": torch.tensor(last)})
    assert float(method.gradual()) == pytest.approx(expected)


def test_a_tuple_beyond_its_destination_stays_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    spy = Spy(monkeypatch)
    loss_of(step_for("hm", options={"destination": -2.0}))
    assert spy.moved.equal(spy.images)


def test_hm_counts_no_loss_that_is_not_finite() -> None:
    step, method = step_for("hm"), HardnessManipulation(HmOptions())
    with torch.no_grad():
        next(iter(step.forward.model.parameters())).fill_(torch.nan)
    step.forward.refresh()
    method.loss(step)
    assert float(method.last) == 2.0


TRAININGS: dict[str, dict[str, Any]] = {
    "hm": {"method": "hm", "source": "random", "ics": 0.5},
    "amdsemi": {"method": "amdsemi"},
    "ca-tride": {"method": "ca-tride"},
    "fare": {"method": "fare", "natural_epochs": 1, "clean": 0.5},
    "act": {"method": "act"},
    "fna": {"method": "fna"},
    "eat": {"method": "eat", "backbone": "two"},
    "gallery-margin": {"method": "gallery-margin", "bank": 2},
}
TWO = {"kind": "ensemble", "members": 2, "of": {"kind": "convnet", "widths": [8]}, "embedding": 8}


@pytest.mark.parametrize("name", TRAININGS)
def test_an_interrupted_training_ends_in_the_same_bytes(
    make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    training = {**TRAININGS[name], "attack": {"epsilon": 0.05, "steps": 2}}
    study = load_study(make_study(trainings={"own": training}, backbones={"two": TWO}))
    run = Run("digits", "triplet", "own", 0)
    train(study, run)
    expected = sha256_of(model_path(study, run))
    model_path(study, run).unlink()
    interrupted(study, run, monkeypatch)
    assert list(Path("state").rglob("state-*.safetensors"))
    train(study, run)
    assert sha256_of(model_path(study, run)) == expected


@pytest.mark.parametrize(("frozen", "as_released", "batches"), [(True, False, 0), (False, False, 1), (False, True, 2)])
def test_batches_that_batchnorm_sees_in_est(frozen: bool, as_released: bool, batches: int) -> None:
    """As released, the running statistics see the clean batch beside the adversarial one."""
    norm = nn.BatchNorm2d(6)
    network = nn.Sequential(nn.Conv2d(3, 6, 3, stride=2), norm, nn.Flatten(), nn.Linear(54, 8))
    config = TrainingConfig(method="est", attack={"epsilon": EPSILON, "steps": 1}, options={"as_released": as_released})
    model = EmbeddingModel(network).double()
    loss_of(make_step(model, IMAGES, LABELS, miner=MINER, config=config, freeze_batchnorm=frozen)).backward()
    assert int(norm.num_batches_tracked) == batches


def ensemble_step() -> tuple[TrainingStep, Eat]:
    network = Ensemble(nn.Sequential(nn.Flatten(), nn.Linear(192, 8)) for _ in range(3))
    model = EmbeddingModel(network)
    config = TrainingConfig(method="eat", attack={"epsilon": EPSILON, "steps": STEPS})
    step = make_step(model, IMAGES[:, :, :8, :8].float(), LABELS, miner=MINER, config=config)
    method = Eat(EatOptions())
    method.members = members_of(model)
    method.proxies = nn.Parameter(torch.randn(3, 4, 8, generator=torch.Generator().manual_seed(0)))
    return step, method


def test_each_image_of_an_ensemble_is_attacked_once_and_every_network_learns(monkeypatch: pytest.MonkeyPatch) -> None:
    step, method = ensemble_step()
    moved, noting = [], inner.descend

    def spy(embed: Any, images: Tensor, loss: Any, ball: Any, **how: Any) -> Descent:
        found = noting(embed, images, loss, ball, **how)
        assert float(loss(embed(found.images))) < float(loss(embed(how["start"])))
        moved.append(len(images))
        return found

    monkeypatch.setattr(inner, "descend", spy)
    method.loss(step).backward()
    assert sum(moved) == len(IMAGES)
    assert all(weight.grad.abs().sum() > 0 for member in method.members for weight in member.parameters())
    assert method.proxies.grad is not None and (method.proxies.grad.abs().sum((1, 2)) > 0).all()


def test_an_ensemble_embeds_as_the_mean_of_its_networks() -> None:
    step, method = ensemble_step()
    images = step.images
    each = torch.stack([member(images) for member in method.members])
    expected = nn.functional.normalize(each.mean(0))
    assert torch.allclose(step.embed_fixed(images), expected, atol=1e-6)


def test_proxy_anchor_is_that_of_the_library() -> None:
    from pytorch_metric_learning.losses import ProxyAnchorLoss

    embeddings = nn.functional.normalize(torch.randn(10, 8, generator=torch.Generator().manual_seed(1)))
    labels = torch.arange(10) % 4
    library = ProxyAnchorLoss(num_classes=5, embedding_size=8, margin=0.1, alpha=32)
    with torch.no_grad():
        found = proxy_anchor(embeddings, labels, library.proxies, 32, 0.1)
        assert float(found) == pytest.approx(float(library(embeddings, labels)), rel=1e-5)


def test_eat_needs_an_ensemble(make_study: MakeStudy) -> None:
    study = load_study(make_study(trainings={"own": {"method": "eat", "attack": {"epsilon": 0.05, "steps": 2}}}))
    with pytest.raises(UserError, match="take a backbone of kind ensemble"):
        train(study, Run("digits", "triplet", "own", 0))
