"""The package against numbers recorded from the released code; see golden/README.md for what each array is.

`pytest tests/test_released_parity.py --golden DIR` runs the same tests on another folder of the same layout.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch

from recorded import Recorded, close, read, target_of, tiny_net
from robust_dml.attacks import LinfBall, pgd, released
from robust_dml.attacks.balls import BALLS
from robust_dml.config.training import LossConfig
from robust_dml.losses import build_loss
from robust_dml.metrics import retrieval_metrics
from robust_dml.miners import Triplets
from robust_dml.miners.distance_weighted import DistanceWeightedMiner, negative_weights
from robust_dml.retrieval import Items, Protocol, rank

ATTACK_FILES = {"linf": "attacks_linf.npz", "l2": "attacks_l2.npz"}
TARGETS = ("pos", "neg", "posneg")

Load = Callable[[str], Recorded]


@pytest.fixture(scope="session")
def load(golden_folder: Path) -> Load:
    """Reads a file of recorded numbers."""
    return lambda name: read(golden_folder / name)


# --- losses and miner -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["contrastive", "triplet"])
@pytest.mark.parametrize("case", ["unit", "raw", "easy", "allactive", "single"])
def test_losses(load: Load, case: str, loss: str) -> None:
    recorded = load("losses.npz")
    embeddings = recorded[f"{case}_emb"].clone().requires_grad_()
    triplets = Triplets(*(recorded[f"{case}_{slot}"] for slot in "apn"))
    value = build_loss(LossConfig(kind=loss))(embeddings, recorded[f"{case}_labels"], triplets)
    value.backward()  # type: ignore[no-untyped-call]
    close(value.detach(), recorded[f"{case}_{loss}_value"])
    assert embeddings.grad is not None
    close(embeddings.grad, recorded[f"{case}_{loss}_grad"])


@pytest.mark.parametrize("references", ["ref", "refraw"])
@pytest.mark.parametrize("target", TARGETS)
def test_attack_objective(load: Load, references: str, target: str) -> None:
    recorded = load("losses.npz")
    embeddings = recorded[f"{references}_emb"].clone().requires_grad_()
    vectors = {"ref_pos": recorded[f"{references}_pos"], "ref_neg": recorded[f"{references}_neg"]}
    values = target_of(vectors, target)(embeddings)
    (gradient,) = torch.autograd.grad(values.mean(), embeddings)
    close(values.detach(), recorded[f"{references}_{target}_each"])
    close(values.mean().detach(), recorded[f"{references}_{target}_mean"])
    close(gradient, recorded[f"{references}_{target}_grad"])


@pytest.mark.parametrize("case", ["d128", "d2", "d128f32", "d512f32"])
def test_miner_probabilities(load: Load, case: str) -> None:
    recorded = load("miner.npz")
    embeddings, labels = recorded[f"{case}_emb"].double(), recorded[f"{case}_labels"]
    cutoffs = float(recorded["cutoff"]), float(recorded["nonzero_loss_cutoff"])
    weights = negative_weights(embeddings, labels[:, None] == labels, *cutoffs)
    possible = weights.sum(1) > 0
    assert torch.equal(~possible, recorded[f"{case}_row_is_nan"])
    probabilities = torch.where(possible[:, None], weights / weights.sum(1, keepdim=True), 0)
    close(probabilities.to(recorded[f"{case}_prob"]), recorded[f"{case}_prob"], atol=1e-4 if "f32" in case else 1e-10)


@pytest.mark.parametrize("case", ["d128", "d2", "d128f32", "d512f32"])
def test_miner_triplets_per_anchor(load: Load, case: str) -> None:
    recorded = load("miner.npz")
    embeddings, labels = recorded[f"{case}_emb"], recorded[f"{case}_labels"]
    miner = DistanceWeightedMiner(
        cutoff=float(recorded["cutoff"]), nonzero_loss_cutoff=float(recorded["nonzero_loss_cutoff"])
    )
    triplets = miner(embeddings, labels, torch.Generator().manual_seed(0))
    counts = torch.bincount(triplets.anchor, minlength=len(labels))
    assert torch.equal(counts, recorded[f"{case}_triplets_per_anchor"])
    assert torch.equal(counts > 0, recorded[f"{case}_anchor_kept"])


# --- attacks ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("norm", ATTACK_FILES)
def test_pgd(load: Load, norm: str, target: str) -> None:
    recorded = load(ATTACK_FILES[norm])
    embed, objective, steps = tiny_net(recorded), target_of(recorded, target), int(recorded["pgd_steps"])
    for i, epsilon in enumerate(recorded["eps"].tolist()):
        assert 2 * epsilon / steps == pytest.approx(float(recorded[f"pgd_alpha_e{i}"]), rel=1e-12)
        noise = recorded[f"noise_e{i}"][None]
        found = released.pgd(embed, recorded["x"], objective, norm, epsilon, noise=noise, steps=steps)
        close(found, recorded[f"pgd_e{i}_{target}_adv"])
        close(objective(embed(found)), recorded[f"pgd_e{i}_{target}_obj"])


@pytest.mark.parametrize("target", TARGETS)
def test_pgd_of_the_public_interface_under_linf(load: Load, target: str) -> None:
    recorded = load("attacks_linf.npz")
    embed, objective, steps = tiny_net(recorded), target_of(recorded, target), int(recorded["pgd_steps"])
    for i, epsilon in enumerate(recorded["eps"].tolist()):
        start = recorded["x"] + recorded[f"noise_e{i}"]
        found = pgd(embed, recorded["x"], objective, LinfBall(epsilon), steps=steps, start=start, keep="last")
        close(found, recorded[f"pgd_e{i}_{target}_adv"])


@pytest.mark.parametrize("norm", ATTACK_FILES)
def test_pgd_restarts(load: Load, norm: str) -> None:
    recorded = load(ATTACK_FILES[norm])
    embed, objective = tiny_net(recorded), target_of(recorded, "posneg")
    epsilon, noise, steps = float(recorded["restarts_eps"]), recorded["restarts_noise"], int(recorded["pgd_steps"])
    found = released.pgd(embed, recorded["x"], objective, norm, epsilon, noise=noise, steps=steps)
    close(found, recorded["restarts_adv"])
    each = [released.pgd(embed, recorded["x"], objective, norm, epsilon, noise=n[None], steps=steps) for n in noise]
    values = torch.stack([objective(embed(images)) for images in each])
    close(values, recorded["restarts_obj"])
    assert torch.equal(values.argmax(0), recorded["restarts_chosen"])


@pytest.mark.parametrize("norm", ATTACK_FILES)
def test_pgd_step_by_step(load: Load, norm: str) -> None:
    recorded = load(ATTACK_FILES[norm])
    embed, objective = tiny_net(recorded), target_of(recorded, "pos")
    epsilon, trace = float(recorded["trace_eps"]), recorded["trace_x"]
    ball, size = BALLS[norm](epsilon), 2 * epsilon / int(recorded["pgd_steps"])
    close(trace[0], recorded["x"] + recorded[f"noise_e{int(recorded['trace_eps_index'])}"])
    for before, after, down in zip(trace, trace[1:], recorded["trace_grad"], strict=False):
        images = before.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(-objective(embed(images)).mean(), images)
        close(gradient, down)
        close(ball.project(before - size * released.step(before, down, norm), recorded["x"]), after)


@pytest.mark.parametrize("norm", ATTACK_FILES)
def test_attacks_on_the_own_embedding(load: Load, norm: str) -> None:
    recorded = load(ATTACK_FILES[norm])
    embed, epsilon = tiny_net(recorded), float(recorded["self_eps"])
    close(embed(recorded["x"]), recorded["emb_x"])
    objective = released.objective(recorded["emb_x"])
    noise = recorded[f"noise_e{int(recorded['self_eps_index'])}"][None]
    steps, size = int(recorded["pgd_steps"]), float(recorded["fgsm_alpha"])
    by_pgd = released.pgd(embed, recorded["x"], objective, norm, epsilon, noise=noise, steps=steps)
    by_fgsm = released.fgsm(embed, recorded["x"], objective, norm, epsilon, step_size=size)
    for name, found in (("pgd", by_pgd), ("fgsm", by_fgsm)):
        close(found, recorded[f"self_{name}_adv"])
        close(objective(embed(found)), recorded[f"self_{name}_obj"])


@pytest.mark.parametrize("attack", ["fgsm", "rfgsm"])
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("norm", ATTACK_FILES)
def test_one_step_attacks(load: Load, norm: str, target: str, attack: str) -> None:
    recorded = load(ATTACK_FILES[norm])
    embed, objective, size = tiny_net(recorded), target_of(recorded, target), float(recorded["fgsm_alpha"])
    assert size == released.FGSM_STEP
    for i, epsilon in enumerate(recorded["eps"].tolist()):
        noise = recorded[f"noise_e{i}"] if attack == "rfgsm" else None
        found = released.fgsm(embed, recorded["x"], objective, norm, epsilon, noise=noise)
        close(found, recorded[f"{attack}_e{i}_{target}_adv"])
        close(objective(embed(found)), recorded[f"{attack}_e{i}_{target}_obj"])


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("norm", ATTACK_FILES)
def test_carlini_wagner(load: Load, norm: str, target: str) -> None:
    recorded = load("attacks_cw.npz")
    assert float(recorded["const"]) == released.CW_CONSTANT
    assert float(recorded["lr"]) == released.CW_LEARNING_RATE
    assert int(recorded["iterations"]) == released.CW_UPDATES
    embed, objective = tiny_net(recorded), target_of(recorded, target)
    for i, epsilon in enumerate(recorded[f"{norm}_eps"].tolist()):
        noise = recorded[f"{norm}_noise_e{i}"]
        found = released.carlini_wagner(embed, recorded["x"], objective, norm, epsilon, noise=noise)
        close(found, recorded[f"{norm}_e{i}_{target}_adv"])
        close(objective(embed(found)), recorded[f"{norm}_e{i}_{target}_obj"])


# --- steps and balls --------------------------------------------------------------------------------------------


def test_l2_steps_released_and_textbook(load: Load) -> None:
    recorded = load("l2_and_box.npz")
    x, x0, gradient = recorded["l2_x"], recorded["l2_x0"], recorded["l2_grad_objective"]
    ball, size = BALLS["l2"](float(recorded["l2_eps"])), float(recorded["l2_alpha"])
    close(released.step(x, gradient, "l2"), recorded["l2_released_step_ascent"])
    close(released.step(x, -gradient, "l2"), recorded["l2_released_step_descent"])
    close(ball.project(x + size * released.step(x, gradient, "l2"), x0), recorded["l2_released_next_fgsm"])
    close(ball.project(x - size * released.step(x, -gradient, "l2"), x0), recorded["l2_released_next_pgd"])
    close(ball.project(x0 + size * released.step(x0, gradient, "l2"), x0), recorded["l2_released_fgsm_from_x0"])
    close(ball.step(gradient), recorded["l2_textbook_step"])
    close(ball.project(x + size * ball.step(gradient), x0), recorded["l2_textbook_next"])
    close(ball.project(x0 + size * ball.step(gradient), x0), recorded["l2_textbook_fgsm_from_x0"])


def test_directions_at_the_borders_of_the_pixels(load: Load) -> None:
    recorded = load("l2_and_box.npz")
    x, gradient = recorded["table_x"][:, None], recorded["table_grad_objective"][:, None]
    close(released.step(x, gradient, "l2")[:, 0], recorded["table_released_direction_fgsm"])
    close(-released.step(x, -gradient, "l2")[:, 0], recorded["table_released_direction_pgd"])
    close(-released.step(x, -gradient, "linf")[:, 0], recorded["table_linf_released_direction_pgd"])
    close(BALLS["l2"](1.0).step(gradient).sign()[:, 0], recorded["table_textbook_direction"])


def test_steps_of_a_zero_gradient(load: Load) -> None:
    recorded = load("l2_and_box.npz")
    x = recorded["zerograd_x"]
    zero = torch.zeros_like(x)
    close(released.step(x, zero, "l2"), recorded["zerograd_released_l2_step"])
    close(released.step(x, zero, "linf"), recorded["zerograd_released_linf_step"])
    close(BALLS["l2"](1.0).step(zero), recorded["zerograd_textbook_l2_step"])


@pytest.mark.parametrize("norm", BALLS)
def test_projection(load: Load, norm: str) -> None:
    recorded = load("l2_and_box.npz")
    for j, epsilon in enumerate(recorded["clip_eps"].tolist()):
        found = BALLS[norm](epsilon).project(recorded["clip_y"], recorded["clip_x0"])
        close(found, recorded[f"clip_released_{norm}_{j}"])
        close(found, recorded[f"clip_textbook_{norm}_{j}"])


@pytest.mark.parametrize("norm", BALLS)
def test_dead_and_nan_images(load: Load, norm: str) -> None:
    recorded = load("l2_and_box.npz")
    embed, x, epsilon = tiny_net(recorded, "dead_net"), recorded["dead_x"], float(recorded["dead_eps"])
    noise = recorded[f"dead_noise_{norm}"][None]
    for case in ("dead", "nan"):
        objective = released.objective(recorded[f"{case}_ref_pos"])
        found = released.pgd(embed, x, objective, norm, epsilon, noise=noise)
        close(found, recorded[f"{case}_released_adv_{norm}"])


# --- evaluation -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tag", ["clean", "adv", "moved"])
def test_metrics_masked(load: Load, tag: str) -> None:
    recorded = load("evaluation.npz")
    found = metrics(recorded, tag, "masked")
    for k in (1, 2, 4, 8):
        close(found[f"recall@{k}"], recorded[f"masked_{tag}_recall_at_{k}"], atol=1e-12)
    close(found["r-precision"], recorded[f"masked_{tag}_r_precision"], atol=1e-12)
    close(found["map@r"], recorded[f"masked_{tag}_map_at_r"], atol=1e-12)


@pytest.mark.parametrize("tag", ["clean", "adv", "moved"])
def test_metrics_as_released(load: Load, tag: str) -> None:
    recorded = load("evaluation.npz")
    found = metrics(recorded, tag, "as-released")
    close(found["recall@1"], recorded[f"released_{tag}_precision_at_1"], atol=1e-12)
    close(found["r-precision"], recorded[f"released_{tag}_r_precision"], atol=1e-12)
    close(found["map@r"], recorded[f"released_{tag}_mean_average_precision_at_r"], atol=1e-12)


@pytest.mark.parametrize("tag", ["clean", "adv", "moved"])
def test_rankings(load: Load, tag: str) -> None:
    recorded = load("evaluation.npz")
    masked = rank(*_items(recorded, tag))
    as_released = rank(*_items(recorded, tag), "as-released")
    ids, lone = recorded["gallery_id"], recorded["lone"]
    assert torch.equal(masked.scored, ~lone)
    assert torch.equal(ids[masked.positions[:, 0]], recorded[f"masked_{tag}_nn_id"])
    depth = min(as_released.positions.shape[1], recorded[f"released_{tag}_knn_id"].shape[1])
    released_ids = recorded[f"released_{tag}_knn_id"][:, :depth]
    assert torch.equal(ids[as_released.positions[:, :depth]], released_ids)
    assert torch.equal(as_released.right[~lone].double(), recorded[f"released_{tag}_hit1"][~lone])


def test_choice_of_queries_and_target(load: Load) -> None:
    recorded = load("evaluation.npz")
    clean = rank(*_items(recorded, "clean"))
    assert torch.equal(clean.right, recorded["attacked_released"])
    assert torch.equal(recorded["gallery_id"][clean.positions[:, 0]], recorded["nn_id_clean_released"])
    attacked = recorded["attacked_released"]
    assert torch.equal(recorded["attack_reference_id_released"][attacked], recorded["query_id"][attacked])


def test_released_evaluation_from_end_to_end(load: Load) -> None:
    recorded = load("global_attack.npz")
    embed, x, attacked = tiny_net(recorded), recorded["x"], recorded["attacked"]
    clean = Items(recorded["gallery_emb"], recorded["labels"], torch.arange(len(x)))
    close(embed(x), clean.embeddings)
    assert torch.equal(rank(clean, clean).right, attacked)
    other = clean.embeddings[recorded["nearest_other_positive"]]
    for name, references in (("released", recorded["released_reference"]), ("otherpos", other)):
        images = x.clone()
        images[attacked] = released.pgd(
            embed,
            x[attacked],
            released.objective(references[attacked]),
            "linf",
            float(recorded["eps"]),
            noise=recorded["noise"][attacked][None],
            steps=int(recorded["pgd_steps"]),
        )
        close(images, recorded[f"{name}_adv"])
        close(embed(images), recorded[f"{name}_emb_adv"])
    moved = {name: recorded[f"{name}_emb_adv"] for name in ("released", "otherpos")}
    for name, queries in {"clean": clean.embeddings, **moved}.items():
        masked = retrieval_metrics(clean.embedded_as(queries), clean)
        first_dropped = retrieval_metrics(clean.embedded_as(queries), clean, protocol="as-released")
        close(masked["recall@1"], recorded[f"{name}_masked_recall_at_1"])
        close(first_dropped["recall@1"], recorded[f"{name}_released_precision_at_1"])


def _items(recorded: Recorded, tag: str) -> tuple[Items, Items]:
    queries = Items(recorded[f"query_emb_{tag}"], recorded["query_labels"], recorded["query_id"])
    return queries, Items(recorded["gallery_emb"], recorded["gallery_labels"], recorded["gallery_id"])


def metrics(recorded: Recorded, tag: str, protocol: Protocol) -> Mapping[str, float]:
    return retrieval_metrics(*_items(recorded, tag), protocol=protocol)
