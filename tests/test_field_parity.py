"""Defences and ranking attacks against numbers recorded from their released codes; see golden_field/README.md.

`pytest tests/test_field_parity.py --golden DIR` runs the same tests on another folder of the same layout.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from recorded import Recorded, close, read
from robust_dml.attacks.balls import LinfBall
from robust_dml.attacks.descent import Descent, descend
from robust_dml.attacks.ranking import choices
from robust_dml.attacks.ranking.candidate import candidate_distance_loss, candidate_loss, candidate_rank
from robust_dml.attacks.ranking.ers import RankingScores
from robust_dml.attacks.ranking.order import kendall_tau, order_loss, pair_in_order, pair_order_loss
from robust_dml.attacks.ranking.query import (
    KAPPA,
    preserving_loss,
    query_distance_loss,
    query_loss,
    query_rank,
    semantic_weight,
)
from robust_dml.attacks.ranking.shift import NOISE, cosine, mismatch_loss, shift_loss
from robust_dml.attacks.ranking.top import (
    dethrone_loss,
    first_is_right,
    greedy_match_loss,
    still_in_top,
    top_match_loss,
)
from robust_dml.config.training import LossConfig, OptimisationConfig, TrainingConfig
from robust_dml.losses import build_loss
from robust_dml.losses.triplet_mean import triplet_hinge
from robust_dml.miners import Triplets
from robust_dml.miners import strategies as mining
from robust_dml.models import EmbeddingModel
from robust_dml.training import batch_defence, inner
from robust_dml.training.defence import Members, distance_of, move, unit
from robust_dml.training.distributed import Processes
from robust_dml.training.forward import ForwardPasses
from robust_dml.training.methods import ca_tride
from robust_dml.training.methods.hm import HardnessManipulation
from robust_dml.training.step import TrainingStep

Load = Callable[[str], Recorded]
exact = partial(close, atol=1e-9, rtol=1e-9)


@pytest.fixture(scope="session")
def load(request: pytest.FixtureRequest) -> Load:
    """Reads a file of recorded numbers."""
    folder = request.config.getoption("--golden") or Path(__file__).parent / "golden_field"
    return lambda name: read(folder / f"{name}.npz")


@pytest.fixture
def inputs(load: Load) -> Recorded:
    return load("inputs")


class LinearNet(nn.Module):
    """The network of the recordings: 784 pixels to 8 numbers."""

    def __init__(self, recorded: Recorded) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(recorded["W"].clone()), nn.Parameter(recorded["b"].clone())

    def forward(self, images: Tensor) -> Tensor:
        return nn.functional.linear(images.flatten(1), self.weight, self.bias)


def pixels(levels: Tensor) -> Tensor:
    """Images (B, 1, 28, 28) in [0, 1] of recorded bytes (B, 784)."""
    return (levels.double() / 255).view(-1, 1, 28, 28)


def triplets_of(recorded: Recorded, name: str) -> Triplets:
    return Triplets(*(recorded[f"{name}_{slot}"] for slot in "apn"))


@dataclass
class Spy:
    """Notes the inner problem of a step: the first gradient, the losses and the moved images."""

    losses: list[Tensor] = field(default_factory=list)
    gradient: Tensor = field(default_factory=lambda: torch.zeros(0))
    first_move: Tensor = field(default_factory=lambda: torch.zeros(0))
    moved: Tensor = field(default_factory=lambda: torch.zeros(0))

    def __call__(self, embed: Any, images: Tensor, loss: Any, ball: Any, **how: Any) -> Descent:
        embeddings = embed(how["start"]).detach().requires_grad_()
        (self.gradient,) = torch.autograd.grad((how.get("first") or loss)(embeddings), embeddings)
        one = descend(embed, images, loss, ball, **{**how, "steps": 1})
        found = descend(embed, images, loss, ball, **how)
        self.losses = found.losses
        self.first_move, self.moved = one.images - images, found.images - images
        return found

    def compare(self, recorded: Recorded, name: str) -> None:
        exact(torch.stack(self.losses), recorded[f"{name}_inner_loss"])
        exact(self.gradient, recorded[f"{name}_inner_grad0"])
        levels(self.first_move, recorded[f"{name}_delta1_i8"])
        levels(self.moved, recorded[f"{name}_delta_i8"])


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch) -> Spy:
    found = Spy()
    monkeypatch.setattr(inner, "descend", found)
    return found


def levels(moved: Tensor, recorded: Tensor) -> None:
    """Perturbations are whole steps of 1/255, exactly as recorded."""
    grid = moved.flatten(1) * 255
    close(grid, grid.round(), atol=1e-6)
    assert torch.equal(grid.round().to(torch.int8), recorded)


def step_of(inputs: Recorded, method: str, triplets: Triplets | None = None, **options: Any) -> TrainingStep:
    """A step on the recorded batch whose miner returns recorded tuples."""
    model = EmbeddingModel(LinearNet(inputs), normalize_embedding=False).double()
    attack = {"epsilon": float(inputs["eps"]), "steps": int(inputs["steps"]), "step_size": float(inputs["alpha"])}
    return TrainingStep(
        images=pixels(inputs["images_u8"]),
        labels=inputs["labels"],
        epoch=0,
        number=0,
        epochs=1,
        seed=0,
        config=TrainingConfig(method=method, attack=attack, options={"as_released": True, **options}),
        forward=ForwardPasses(model, OptimisationConfig(), freeze_batchnorm=True),
        miner=lambda *_: triplets,
        loss_function=build_loss(LossConfig(kind="triplet-mean")),
        processes=Processes(),
    )


def compare_outer(step: TrainingStep, loss: Tensor, recorded: Recorded, name: str) -> None:
    """The loss of a step and its gradients."""
    loss.backward()  # type: ignore[no-untyped-call]
    net: Any = step.forward.model.network
    exact(loss.detach(), recorded[f"{name}_loss"])
    exact(net.bias.grad, recorded[f"{name}_grad_b"])
    exact(net.weight.grad.norm(), recorded[f"{name}_grad_W_norm"])
    exact(net.weight.grad @ step.images[0].flatten(), recorded[f"{name}_grad_W_dot_x0"])


# --- losses ---------------------------------------------------------------------------------------------------------


def test_triplet_loss(load: Load) -> None:
    recorded = load("losses")
    members = [recorded[slot].clone().requires_grad_() for slot in "apn"]
    rows = torch.arange(3 * len(members[0]))
    loss = build_loss(LossConfig(kind="triplet-mean"))(torch.cat(members), rows, Triplets(*rows.chunk(3)))
    exact(loss.detach(), recorded["triplet_loss"])
    members = [recorded[slot].clone().requires_grad_() for slot in "apn"]
    triplet_hinge(*members, 0.2).mean().backward()  # type: ignore[no-untyped-call]
    for slot, member in zip("apn", members, strict=True):
        assert member.grad is not None
        exact(member.grad, recorded[f"triplet_grad_{slot}"])


def test_intra_class_structure(load: Load) -> None:
    recorded = load("losses")
    members = [recorded[name].clone().requires_grad_() for name in ("a", "a_adv", "p")]
    loss = triplet_hinge(*members, 0.0).mean()
    loss.backward()  # type: ignore[no-untyped-call]
    exact(loss.detach(), recorded["ics_loss"])
    for name, member in zip(("a", "a_adv", "p"), members, strict=True):
        assert member.grad is not None
        exact(member.grad, recorded[f"ics_grad_{name}"])


# --- mining ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mined:
    """The recorded batch of embeddings, as the miners see it."""

    distances: Tensor
    same: Tensor
    anchor: Tensor
    positive: Tensor

    @classmethod
    def of(cls, recorded: Recorded) -> Mined:
        same = recorded["labels"][:, None] == recorded["labels"]
        anchor, positive = mining.first_positives(same, torch.Generator().manual_seed(0), pairs=True)
        return cls(mining.distances_of(recorded["emb"]), same, anchor, positive)


@pytest.fixture
def mined(load: Load) -> Mined:
    return Mined.of(load("mining"))


def test_distances_and_pairs(load: Load, mined: Mined) -> None:
    recorded = load("mining")
    off_diagonal = ~torch.eye(len(mined.distances), dtype=torch.bool)
    exact(mined.distances[off_diagonal], recorded["pdist_N"][off_diagonal])
    for name in ("random", "semihard_m02", "semihard_m10"):
        assert torch.equal(mined.anchor, recorded[f"{name}_a"]) and torch.equal(mined.positive, recorded[f"{name}_p"])


def test_allowed_negatives(load: Load, mined: Mined) -> None:
    recorded, anchor = load("mining"), mined.anchor
    negatives = ~mined.same[anchor]
    assert torch.equal(negatives, recorded["random_sets"])
    for name, margin in (("m02", 0.2), ("m10", 1.0)):
        found = mining.semihard_negatives(mined.distances, mined.same, anchor, mined.positive, margin)
        assert torch.equal(or_all(found, negatives), recorded[f"semihard_{name}_sets"])
    softhard = or_all(mining.softhard_negatives(mined.distances, mined.same)[anchor], negatives)
    positives = or_all(mining.softhard_positives(mined.distances, mined.same)[anchor], mined.same[anchor])
    assert torch.equal(torch.stack([softhard, positives], 1).flatten(0, 1), recorded["softhard_sets"])


def or_all(allowed: Tensor, otherwise: Tensor) -> Tensor:
    """The rows of `otherwise` where nothing is allowed."""
    return torch.where(allowed.any(1, keepdim=True), allowed, otherwise)


def test_weights_of_distances_and_hardest_negatives(load: Load, mined: Mined) -> None:
    recorded = load("mining")
    weights = mining.inverse_density(mined.distances, mined.same, recorded["emb"].shape[1])[mined.anchor]
    exact(weights / weights.sum(1, keepdim=True), recorded["distance_prob"])
    hardest = mining.draw_triplets("hard", recorded["emb"], recorded["labels"], torch.Generator(), pairs=True)
    assert torch.equal(hardest.negative, recorded["hard_n"])


@pytest.mark.parametrize("strategy", ["random", "semihard", "softhard", "distance"])
def test_draws_are_among_the_allowed(load: Load, strategy: Any) -> None:
    recorded = load("mining")
    sets = {"random": "random_sets", "semihard": "semihard_m02_sets", "softhard": "softhard_sets"}
    generator = torch.Generator().manual_seed(1)
    for _ in range(20):
        found = mining.draw_triplets(
            strategy, recorded["emb"], recorded["labels"], generator, pairs=True, as_released=True
        )
        rows = torch.arange(len(found.anchor))
        if strategy == "distance":
            assert (recorded["distance_prob"][rows, found.negative] > 0).all()
            continue
        allowed = recorded[sets[strategy]]
        if strategy == "softhard":
            assert allowed[1::2][rows, found.positive].all()
            allowed = allowed[0::2]
        assert allowed[rows, found.negative].all()


# --- defences -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["act", "rest", "est", "ses", "amd", "ramd", "tbc"])
def test_one_step(load: Load, inputs: Recorded, spy: Spy, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    recorded = load("defences")
    if f"{method}_noise_i8" in recorded:
        monkeypatch.setattr(batch_defence, "signs", lambda step, like: recorded[f"{method}_noise_i8"].to(like))
    step = step_of(inputs, method, triplets_of(recorded, method))
    loss = step.config.record.build(step.config.options).loss(step)
    spy.compare(recorded, method)
    compare_outer(step, loss, recorded, method)


def test_amdsemi(load: Load, inputs: Recorded, spy: Spy) -> None:
    recorded = load("defences")
    step = step_of(inputs, "amdsemi", triplets_of(recorded, "amdsemi"))
    method = step.config.record.build(step.config.options)
    method.load({"last": torch.tensor(0.05, dtype=torch.float64)})
    loss = method.loss(step)
    spy.compare(recorded, "amdsemi")
    compare_outer(step, loss, recorded, "amdsemi")


HM = {
    "hm_rm": ("random", "semihard", 0.0, None),
    "hm_sm": ("softhard", "semihard", 0.0, None),
    "hm_rs": ("random", "softhard", 0.0, None),
    "hm_rm_ics": ("random", "semihard", 0.5, None),
    "hm_rs_ics": ("random", "softhard", 0.5, None),
    "hm_slga": ("softhard", "gradual", 0.0, 0.12),
    "hm_slga_ics": ("softhard", "gradual", 0.5, 0.12),
    "hm_slga_first": ("softhard", "gradual", 0.0, None),
    "hm_slga_zero": ("softhard", "gradual", 0.0, 0.0),
    "hm_mm": ("semihard", "semihard", 0.0, None),
}


@pytest.mark.parametrize("case", HM)
def test_hardness_manipulation(
    load: Load, inputs: Recorded, spy: Spy, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    recorded, (source, destination, ics, last) = load("hm"), HM[case]
    step = step_of(inputs, "hm", source=source, destination=destination, ics=ics)
    method = HardnessManipulation(step.config.options)
    if last is not None:
        method.load({"last": torch.tensor(last, dtype=torch.float64)})
    mined = {"source": triplets_of(recorded, case), "destination": triplets_of(recorded, f"{case}_dest")}
    monkeypatch.setattr(method, "_draw", lambda strategy, step, clean, purpose: mined[purpose])
    loss = method.loss(step)
    if case == "hm_mm":
        assert len(recorded["hm_mm_inner_loss"]) == 0 and not spy.losses
    else:
        spy.compare(recorded, case)
    compare_outer(step, loss, recorded, case)
    if destination == "gradual":
        exact(method.state()["last"], recorded[f"{case}_prev_loss_out"])


# --- CA-TRIDE -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("epoch", [0, 37, 74])
def test_shrinking_semihard_negatives(load: Load, mined: Mined, epoch: int) -> None:
    recorded, anchor = load("catride"), mined.anchor
    margin = ca_tride.shrinking_margin(epoch, 75)
    found = mining.semihard_negatives(mined.distances, mined.same, anchor, mined.positive, margin)
    assert torch.equal(or_all(found, ~mined.same[anchor]), recorded[f"ghard_e{epoch}_sets"])


def test_loss_with_smaller_halves(load: Load) -> None:
    recorded, measure = load("catride"), distance_of(as_released=True)
    members = Members(*(recorded[slot].clone().requires_grad_() for slot in "apn"))
    plain = triplet_hinge(*members, 0.2).mean()
    exact(plain.detach(), recorded["triplet_call1"])
    loss = plain + ca_tride.HALVES_WEIGHT * ca_tride.halves_hinge(members, measure)
    loss.backward()  # type: ignore[no-untyped-call]
    exact(loss.detach(), recorded["triplet_call2"])
    for slot, member in zip("apn", members, strict=True):
        assert member.grad is not None
        exact(member.grad, recorded[f"triplet_call2_grad_{slot}"])


@pytest.mark.parametrize("weighting", [10, 2])
@pytest.mark.parametrize("stage", ["CAP", "ANP", "CAPfar"])
def test_attacks_short_of_collapse(load: Load, inputs: Recorded, spy: Spy, stage: str, weighting: int) -> None:
    recorded, name = load("catride"), f"{stage}_l{weighting}"
    triplets = triplets_of(recorded, "trip")
    if stage == "CAPfar":
        triplets = triplets._replace(negative=recorded["far_n"])
    step = step_of(inputs, "ca-tride", weighting=weighting)
    attack = {"epsilon": float(recorded["cat_eps"]), "steps": 16, "step_size": float(recorded["cat_alpha"])}
    step = replace(step, config=TrainingConfig(method="ca-tride", attack=attack))
    measure = distance_of(as_released=True)
    kind = ca_tride.anchor_perplexing if stage == "ANP" else ca_tride.collapse_aware
    slots: Any = ("anchor",) if stage == "ANP" else ("positive", "negative")
    pace = int(recorded["cat_epoch"]) / int(recorded["cat_maxepoch"])
    move(step, triplets, slots, kind(weighting, measure), pace=pace, stop=ca_tride.REACHED)
    losses = torch.stack(spy.losses) if spy.losses else torch.zeros(0, dtype=torch.float64)
    exact(losses, recorded[f"{name}_loss"])
    levels(spy.moved, recorded[f"{name}_delta_i8"])
    if f"{name}_grad0" in recorded:
        exact(spy.gradient, recorded[f"{name}_grad0"])


# --- ranking attacks: losses and scores on embeddings ---------------------------------------------------------------

MEASURES: Any = {"N": "euclidean", "C": "cosine"}
SIGNS = {"plus": 1, "minus": -1}


def compare_loss(loss: Callable[[Tensor], Tensor], recorded: Recorded, name: str) -> None:
    """The mean of a loss over its queries, of ES the sum, and its gradient."""
    queries = recorded["qs"].clone().requires_grad_()
    value = loss(queries).sum() if name.startswith("ES_") else loss(queries).mean()
    exact(value.detach(), recorded[f"{name}_loss"])
    if f"{name}_grad" in recorded:
        exact(torch.autograd.grad(value, queries)[0], recorded[f"{name}_grad"])


@pytest.mark.parametrize("metric", MEASURES)
@pytest.mark.parametrize("sign", SIGNS)
def test_losses_of_candidates_and_queries(load: Load, sign: str, metric: str) -> None:
    recorded, way, measure = load("attack_losses"), SIGNS[sign], MEASURES[metric]
    gallery, chosen = recorded["Xs"], recorded["Xs"][recorded["cidx"]]
    compare_loss(lambda x: query_loss(x, chosen, gallery, way, measure), recorded, f"QA_{sign}_{metric}")
    compare_loss(lambda x: candidate_loss(x, chosen, gallery, way, measure), recorded, f"CA_{sign}_{metric}")
    compare_loss(lambda x: query_distance_loss(x, chosen, way, measure), recorded, f"QADIST_{sign}_{metric}")
    compare_loss(lambda x: candidate_distance_loss(x, chosen, way, measure), recorded, f"CADIST_{sign}_{metric}")


@pytest.mark.parametrize("metric", MEASURES)
def test_other_losses_and_scores(load: Load, metric: str) -> None:
    recorded, measure = load("attack_losses"), MEASURES[metric]
    queries, gallery, positions, target = (recorded[name] for name in ("qs", "Xs", "cidx", "target"))
    chosen = gallery[positions]
    compare_loss(lambda x: shift_loss(x, target, measure), recorded, f"ES_{metric}")
    compare_loss(lambda x: mismatch_loss(x, target), recorded, f"TMA_{metric}")
    compare_loss(lambda x: greedy_match_loss(x, chosen[:, 1], measure), recorded, f"GTM_{metric}")
    compare_loss(lambda x: dethrone_loss(x, chosen[:, 0], gallery, measure), recorded, f"GTT_{metric}")
    compare_loss(lambda x: pair_order_loss(x, chosen[:, 1], chosen[:, 0], measure), recorded, f"FOA2_{metric}")
    compare_loss(lambda x: order_loss(x, chosen, measure), recorded, f"FOAX_{metric}")
    in_order = pair_in_order(queries, chosen[:, 1], chosen[:, 0], measure)
    exact(in_order.double().mean(), recorded[f"FOA2_{metric}_acc"])
    exact(kendall_tau(queries, chosen, measure).mean(), recorded[f"FOAX_{metric}_tau"])
    score(query_rank(queries, positions, gallery, measure), recorded[f"QA_rank_{metric}"])
    score(candidate_rank(queries, chosen, gallery, measure), recorded[f"CA_rank_{metric}"])


def test_empirical_robustness_score(load: Load) -> None:
    recorded = load("scores")
    for row, normalised, ers in zip(recorded["scores"], recorded["normalised"], recorded["ers"], strict=True):
        found = RankingScores(*row.tolist())
        close(torch.tensor(found.normalised()), normalised.double(), rtol=1e-6)
        exact(found.ers(), ers)


# --- ranking attacks: whole attacks ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Attacks:
    """The recorded attacks: the network, the gallery and the attacked images."""

    recorded: Recorded
    model: EmbeddingModel
    steps: dict[str, Any]
    epsilon: float

    @classmethod
    def of(cls, recorded: Recorded, inputs: Recorded) -> Attacks:
        steps = {"steps": int(inputs["attack_steps"]), "step_size": float(inputs["attack_alpha"])}
        model = EmbeddingModel(LinearNet(inputs), normalize_embedding=False).double().requires_grad_(False)
        return cls(recorded, model, steps, float(inputs["attack_eps"]))

    @property
    def images(self) -> Tensor:
        return pixels(self.recorded["query_u8"])

    @property
    def same(self) -> Tensor:
        return self.recorded["query_labels"][:, None] == self.recorded["gallery_labels"]

    def embed(self, images: Tensor) -> Tensor:
        return unit(self.model(images))

    def items(self, name: str) -> Tensor:
        """Embeddings of recorded positions."""
        return self.recorded["gallery"][self.recorded[name]]

    def replay(self, name: str, loss: Callable[[Tensor], Tensor], first: Any = None) -> Descent:
        """The attack on the mean of a loss of unit embeddings, compared with its recorded course."""
        recorded, images = self.recorded, self.images
        offset = 0 if name.endswith("_zero") else recorded["start_i8"].double().view_as(images) / 255
        start = (images + offset).clamp(0, 1)
        begin = self.model(start).requires_grad_()
        reduced = torch.sum if name.startswith(("ES", "LTM")) else torch.mean
        (gradient,) = torch.autograd.grad(reduced((first or loss)(unit(begin))), begin)
        # From the clean image, ES divides differences of 1e-7, which have nine digits left.
        close(gradient, recorded[f"{name}_grad0"], atol=1e-8 if name == "ES_zero" else 1e-9)
        found = descend(
            self.model,
            images,
            lambda raw: reduced(loss(unit(raw))),
            LinfBall(self.epsilon),
            start=start,
            first=None if first is None else lambda raw: reduced(first(unit(raw))),
            **self.steps,
        )
        exact(torch.stack(found.losses), recorded[f"{name}_loss"])
        levels(found.images - images, recorded[f"{name}_delta_i8"])
        after = self.embed(found.images)
        exact(after, recorded[f"{name}_emb"])
        if f"{name}_after[loss]" in recorded:
            exact(reduced(loss(after)), recorded[f"{name}_after[loss]"])
        own = recorded["gallery"][recorded["query_index"]]
        shift = -shift_loss(self.embed(found.previous), own).mean()
        close(shift, recorded[f"{name}_after[embshift]"].double(), atol=1e-6)
        return found


@pytest.fixture
def attacks(load: Load, inputs: Recorded) -> Attacks:
    return Attacks.of(load("attacks"), inputs)


def score(found: Tensor, recorded: Tensor) -> None:
    """The mean over queries, which the released code keeps in float32."""
    close(found.double().mean(), recorded.double(), atol=1e-6)


@pytest.mark.parametrize("name", ["CAplus", "CAminus", "CAplus_W2"])
def test_candidate_attack(attacks: Attacks, name: str) -> None:
    recorded, chosen, gallery = attacks.recorded, attacks.items(f"{name}_index"), attacks.recorded["gallery"]
    sign = -1 if "minus" in name else 1
    found = attacks.replay(name, lambda x: candidate_loss(x, chosen, gallery, sign))
    rank = candidate_rank(attacks.embed(found.images), chosen, gallery) / len(gallery)
    score(rank, recorded[f"{name}_after[CA{'+' if sign > 0 else '-'}:prank]"])


@pytest.mark.parametrize("name", ["QAplus", "QAminus", "QAplus_M2"])
def test_query_attack(attacks: Attacks, name: str) -> None:
    recorded, chosen, gallery = attacks.recorded, attacks.items(f"{name}_index"), attacks.recorded["gallery"]
    sign = -1 if "minus" in name else 1
    found = attacks.replay(name, lambda x: query_loss(x, chosen, gallery, sign))
    for images, when in ((attacks.images, "before"), (found.images, "after")):
        rank = query_rank(attacks.embed(images), recorded[f"{name}_index"], gallery) / len(gallery)
        score(rank, recorded[f"{name}_{when}[QA{'+' if sign > 0 else '-'}:prank]"])


@pytest.mark.parametrize(("name", "sign"), [("SPQAplus", 1), ("SPQAminus", -1)])
def test_semantics_preserving_query_attack(attacks: Attacks, name: str, sign: int) -> None:
    recorded, gallery = attacks.recorded, attacks.recorded["gallery"]
    chosen, kept, weight = (
        attacks.items(f"{name}_index"),
        attacks.items(f"{name}_gt_index"),
        float(recorded[f"{name}_xi"]),
    )
    found = attacks.replay(name, lambda x: preserving_loss(x, chosen, kept, gallery, sign, weight=weight))
    title = f"SPQA{'+' if sign > 0 else '-'}"
    for images, when in ((attacks.images, "before"), (found.images, "after")):
        after = attacks.embed(images)
        score(
            query_rank(after, recorded[f"{name}_index"], gallery) / len(gallery),
            recorded[f"{name}_{when}[{title}:prank]"],
        )
        held = query_rank(after, recorded[f"{name}_gt_index"], gallery) / len(gallery)
        score(held, recorded[f"{name}_{when}[{title}:GTprank]"])
    neighbours = choices.ranking(attacks.embed(attacks.images), gallery, None)
    beside = choices.kept_beside(neighbours, recorded[f"{name}_index"], sign > 0)
    assert torch.equal(beside.sort(1).values, recorded[f"{name}_gt_index"].sort(1).values)


def test_weight_of_the_kept_items(load: Load) -> None:
    recorded = load("attacks")
    for row, kappa in zip(recorded["xi"], KAPPA.values(), strict=True):
        exact(semantic_weight(recorded["xi_loss_sp"].double(), kappa), row.double())


@pytest.mark.parametrize("name", ["TMA", "TMA_zero"])
def test_targeted_mismatch(attacks: Attacks, name: str) -> None:
    target = attacks.items("TMA_index")
    found = attacks.replay(name, lambda x: mismatch_loss(x, target))
    for images, when in ((attacks.images, "before"), (found.images, "after")):
        score(cosine(attacks.embed(images), target), attacks.recorded[f"{name}_{when}[Cosine-SIM]"])


@pytest.mark.parametrize("name", ["ES", "ES_zero"])
def test_embedding_shift(attacks: Attacks, name: str) -> None:
    recorded, own = attacks.recorded, attacks.items("query_index")
    found = attacks.replay(name, lambda x: shift_loss(x, own), lambda x: shift_loss(x, own + NOISE))
    right = first_is_right(attacks.embed(found.images), recorded["gallery"], attacks.same, recorded["query_index"])
    score(100 * right.double(), recorded[f"{name}_after[r@1]"])


@pytest.mark.parametrize("name", ["LTM", "GTM"])
def test_top_match(attacks: Attacks, name: str) -> None:
    recorded, gallery, own = attacks.recorded, attacks.recorded["gallery"], attacks.recorded["query_index"]
    assert torch.equal(recorded[f"{name}_self"], own)
    if name == "LTM":
        found = attacks.replay(name, lambda x: top_match_loss(x, gallery, attacks.same, None))
    else:
        found = attacks.replay(name, lambda x: greedy_match_loss(x, attacks.items("GTM_unmatch")))
    for images, when in ((attacks.images, "before"), (found.images, "after")):
        right = first_is_right(attacks.embed(images), gallery, attacks.same, own)
        score(right, recorded[f"{name}_{when}[r@1]"])


def test_the_item_of_greedy_match(attacks: Attacks) -> None:
    recorded, clean = attacks.recorded, attacks.items("query_index")
    neighbours = choices.ranking(clean, recorded["gallery"], recorded["query_index"])
    released = choices.released_match(neighbours, recorded["gallery_labels"])
    assert torch.equal(released, recorded["GTM_unmatch"])
    corrected = choices.nearest_of_another_class(neighbours, attacks.same)
    assert torch.equal(corrected, recorded["GTM_unmatch_true"])
    assert not torch.equal(released, corrected)


def test_dethroning(attacks: Attacks) -> None:
    recorded, gallery, own = attacks.recorded, attacks.recorded["gallery"], attacks.recorded["query_index"]
    first = recorded["GTT_top1"]
    neighbours = choices.ranking(attacks.items("query_index"), gallery, own)
    assert torch.equal(neighbours[:, 0], first) and torch.equal(neighbours[:, 1], recorded["GTT_top2"])
    found = attacks.replay("GTT", lambda x: dethrone_loss(x, gallery[first], gallery))
    for images, when in ((attacks.images, "before"), (found.images, "after")):
        embeddings = attacks.embed(images)
        score(still_in_top(embeddings, gallery, first, own), recorded[f"GTT_{when}[retain@4]"])
        score(still_in_top(embeddings, gallery, first, own, 1), recorded[f"GTT_{when}[ID-Retain@1]"])
