"""The standard protocol on models whose worst case is known, and its economy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import eagerpy
import foolbox
import numpy as np
import pytest
import torch
from torch import Tensor

from attacks.networks import small
from evaluation.made_up_target import clean, right, target_of
from evaluation.tiny_study import MODEL, MakeStudy, Passes, attack_at, evaluate, result, stored
from robust_dml.attacks.optimisers import standard_v1
from robust_dml.config.attacks import AttackConfig
from robust_dml.config.evaluation import AttackAt, EvaluationConfig
from robust_dml.evaluation import standard
from robust_dml.evaluation.attack import attack_model
from robust_dml.evaluation.attacked import Attacked
from robust_dml.evaluation.standard import Protocol
from robust_dml.evaluation.target import Target
from robust_dml.runtime.randomness import numpy_generator

EPSILON = 0.04


def shortened(monkeypatch: pytest.MonkeyPatch, **steps: int) -> None:
    """Give members of the protocol fewer steps, by their optimiser: what decides a test is not how many there are."""
    members = tuple(
        standard_v1.Member(m.name, m.optimiser, m.objective, {"steps": steps[m.optimiser]}, m.of_source)
        if m.optimiser in steps
        else m
        for m in standard_v1.MEMBERS
    )
    monkeypatch.setattr(standard_v1, "MEMBERS", members)
    monkeypatch.setattr(standard, "MEMBERS", members)


@pytest.fixture(autouse=True)
def short_control(monkeypatch: pytest.MonkeyPatch) -> None:
    """Square is half of the protocol's time and finds nothing on these models that the others do not."""
    shortened(monkeypatch, square=100)


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every member and every restart is short."""
    shortened(monkeypatch, square=20, pgd=5, apgd=10)
    monkeypatch.setattr(standard, "RESTART", standard_v1.Member("margin-restart", "apgd", "margin", {"steps": 10}))


def run(target: Target, folder: Path, epsilon: float = EPSILON, source: Target | None = None) -> Attacked:
    """The protocol at one radius, from clean queries."""
    attack = AttackConfig(optimiser="standard-v1", objective="margin", epsilon=[epsilon])
    at = AttackAt("standard-v1", attack, epsilon)
    protocol = Protocol(target, source, at, EvaluationConfig(), np.zeros(0, dtype=np.int64), folder)
    return protocol.run(clean(target))


def pixels_of(images: np.ndarray) -> np.ndarray:
    return np.rint(images.clip(0, 1) * 255).astype(np.uint8)


def linear(weights: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda images: images.flatten(1) @ weights


def test_the_worst_case_of_a_linear_embedding_is_exact(tmp_path: Path) -> None:
    """On a line, a query reaches an interval, and it stands only if every place there is nearest to its own class."""
    draw = numpy_generator("linear")
    weights = torch.from_numpy(draw.normal(size=(192, 1))).float()
    reach, labels = EPSILON * float(weights.abs().sum()), np.repeat(np.arange(6), 8)
    starts = np.cumsum(reach * draw.uniform(0.8, 3.0, size=6))
    along = (starts - starts.mean())[labels] + 0.15 * reach * draw.normal(size=48)
    direction = weights[:, 0].numpy().reshape(3, 8, 8).transpose(1, 2, 0) / float(weights.square().sum())
    target = target_of(linear(weights), pixels_of(0.5 + along[:, None, None, None] * direction), labels.tolist())
    place, everyone = target.queries.embeddings[:, 0].double().numpy(), np.arange(48)
    expected = []
    for query in everyone:
        others = everyone[everyone != query]
        grid = np.linspace(place[query] - reach, place[query] + reach, 4001)
        nearest = others[np.abs(place[others][None] - grid[:, None]).argmin(1)]
        expected.append(bool((labels[nearest] == labels[query]).all()))
    found = right(target, run(target, tmp_path))
    assert 0.1 < np.mean(expected) < 0.9
    assert not (found & ~np.array(expected)).any()


def test_a_planted_adversarial_neighbour_is_found(tmp_path: Path) -> None:
    """Beside each query, inside the ball, lies an image of another class: whatever the network, the query breaks."""
    draw, network = numpy_generator("planted"), small(dtype=torch.float32)
    queries = 0.2 + 0.6 * draw.random((12, 12, 12, 3))
    near = queries + 0.1 * EPSILON * np.sign(draw.normal(size=queries.shape))
    planted = queries + 0.9 * EPSILON * np.sign(draw.normal(size=queries.shape))
    images = pixels_of(np.concatenate([queries, near, planted]))
    labels = [*range(12), *range(12), *range(100, 112)]
    target = target_of(network, images, labels)
    assert right(target, clean(target))[:12].all()
    assert not right(target, run(target, tmp_path))[:12].any()


def test_foolbox_is_never_stronger(tmp_path: Path) -> None:
    draw, network = numpy_generator("foolbox"), small(dtype=torch.float32)
    images = np.repeat(0.2 + 0.6 * draw.random((10, 12, 12, 3)), 4, axis=0) + 0.05 * draw.normal(size=(40, 12, 12, 3))
    labels = np.repeat(np.arange(10), 4)
    target = target_of(network, pixels_of(images), labels.tolist())
    epsilon = 0.01
    found = right(target, run(target, tmp_path, epsilon))
    gallery, of = target.gallery.embeddings, torch.from_numpy(labels)

    class Margins(torch.nn.Module):
        """Two logits of a query: minus the distance to the nearest positive, and to the nearest negative."""

        def forward(self, x: Tensor) -> Tensor:
            distances = torch.cdist(network(x), gallery)
            distances = distances.masked_fill(torch.eye(40, dtype=torch.bool), torch.inf)
            same = of[:, None] == of
            positive, negative = (distances.masked_fill(~chosen, torch.inf).amin(1) for chosen in (same, ~same))
            return torch.stack([-positive, -negative], 1)

    wrapped = foolbox.PyTorchModel(Margins().eval(), bounds=(0, 1), device="cpu")
    attack = foolbox.attacks.LinfPGD(rel_stepsize=0.1, steps=40)
    x = torch.from_numpy(pixels_of(images)).permute(0, 3, 1, 2).float() / 255
    zeros = eagerpy.astensor(torch.zeros(40, dtype=torch.long))
    theirs = attack.run(wrapped, eagerpy.astensor(x), foolbox.Misclassification(zeros), epsilon=epsilon).raw
    standing = (Margins()(theirs)[:, 0] > Margins()(theirs)[:, 1]).numpy()
    assert 0 < found.sum() < right(target, clean(target)).sum()
    assert not (found & ~standing).any()


def test_an_embedding_that_is_not_finite_is_broken(tmp_path: Path) -> None:
    """A network that fails only where sign steps lead is no more robust for it."""
    draw, network = numpy_generator("not finite"), small(dtype=torch.float32)
    images = np.repeat(0.2 + 0.6 * draw.random((8, 12, 12, 3)), 4, axis=0) + 0.03 * draw.normal(size=(32, 12, 12, 3))
    pixels = pixels_of(images)
    levels = torch.arange(256) / 255

    def fragile(x: Tensor) -> Tensor:
        moved = (x[..., None] - levels).abs().amin(-1).flatten(1).amax(1) > 1e-4
        return torch.where(moved[:, None], torch.nan, network(x))

    sound, broken = (target_of(embed, pixels, np.repeat(np.arange(8), 4).tolist()) for embed in (network, fragile))
    plain = right(sound, run(sound, tmp_path / "sound", 0.01)).mean()
    attacked = run(broken, tmp_path / "fragile", 0.01)
    finite = np.isfinite(attacked.embeddings).all(1)
    assert not finite[right(broken, clean(broken))].any()
    assert (finite & right(broken, clean(broken))).mean() <= plain


STANDARD = {"standard": {"linf": [0.02, 0.05]}}
FEW = {"batch": 300, "block": 500, "check_queries": 10, "queries": 30}


@pytest.mark.usefixtures("brief")
def test_a_broken_query_stays_broken_at_larger_radii(make_study: MakeStudy) -> None:
    evaluate(make_study(attacks=STANDARD, evaluation=FEW, report={}))
    before, after = stored("standard-v1-0.02"), stored("standard-v1-0.05")
    broken = before.member >= 0
    assert broken.any() and (after.member[broken] == before.member[broken]).all()
    np.testing.assert_array_equal(after.embeddings[broken], before.embeddings[broken])
    assert (after.norm <= 0.05 + 1e-6).all() and (before.norm <= 0.02 + 1e-6).all()
    small_radius, large_radius = (result(f"standard-v1-{radius}") for radius in ("0.02", "0.05"))
    assert list(small_radius["metrics"]) == ["masked"] and list(small_radius["metrics"]["masked"]) == ["recall@1"]
    assert large_radius["metrics"]["masked"]["recall@1"] <= small_radius["metrics"]["masked"]["recall@1"]
    gates = {finding["check"]: finding["verdict"] for finding in result("checks")["checks"] if finding["gate"]}
    assert gates == dict.fromkeys(gates, "pass") and len(gates) == 7


@pytest.mark.usefixtures("brief")
def test_a_stopped_protocol_continues_to_the_same_bytes(make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    study = make_study(attacks=STANDARD, evaluation=FEW | {"check_queries": 0}, report={})
    attack_model(study, MODEL)
    whole, passes = stored("standard-v1-0.05"), Passes(monkeypatch)
    for file in Path("results/tiny/attacks").rglob("*.npz"):
        file.unlink()
    batches = batches_until(3, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        attack_model(study, MODEL)
    next(batches)
    resumed = passes.of(lambda: attack_model(study, MODEL))
    again = stored("standard-v1-0.05")
    np.testing.assert_array_equal(again.embeddings, whole.embeddings)
    np.testing.assert_array_equal(again.member, whole.member)
    for file in Path("results/tiny/attacks").rglob("*.npz"):
        file.unlink()
    assert resumed < passes.of(lambda: attack_model(study, MODEL))


def batches_until(count: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let so many batches pass, interrupt the next; once advanced, interrupt no more."""
    attack, left = standard.attack_batch, [count]

    def interrupted(*arguments: Any) -> Attacked:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return attack(*arguments)

    monkeypatch.setattr(standard, "attack_batch", interrupted)

    def stop() -> Iterator[None]:
        left[0] = 10**9
        yield

    return stop()


@pytest.mark.usefixtures("brief")
def test_no_member_alone_is_stronger(make_study: MakeStudy) -> None:
    members = {
        "pgd": {"optimiser": "pgd", "objective": "repel-positive", "steps": 5, "epsilon": 0.05},
        "margin": {"optimiser": "apgd", "objective": "margin", "steps": 10, "epsilon": 0.05},
        "second": {"optimiser": "apgd", "objective": "wrong-class:2", "steps": 10, "epsilon": 0.05},
    }
    study = make_study(attacks=STANDARD | members, evaluation=FEW | {"check_queries": 0}, report={})
    evaluate(study)
    worst = result("standard-v1-0.05")["metrics"]["masked"]["recall@1"]
    for name in members:
        assert worst <= result(attack_at(study, f"{name}-0.05").label)["metrics"]["masked"]["recall@1"]
