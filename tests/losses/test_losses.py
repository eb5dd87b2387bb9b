"""The losses of the package against pytorch-metric-learning and the recorded numbers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from pytorch_metric_learning import distances
from pytorch_metric_learning import losses as library

from losses.tuples import random_tuples, value_and_gradient
from robust_dml.config.training import LossConfig
from robust_dml.losses import build_loss
from robust_dml.losses.contrastive import ContrastiveLoss
from robust_dml.losses.triplet import TripletLoss
from robust_dml.miners import Triplets

CONTRASTIVE = {"kind": "contrastive", "pos_margin": 0.1, "neg_margin": 0.9}
TRIPLET = {"kind": "triplet", "margin": 0.2}
LIBRARY = {"contrastive": library.ContrastiveLoss, "triplet": library.TripletMarginLoss}
BOTH = pytest.mark.parametrize("keys", [CONTRASTIVE, TRIPLET], ids=["contrastive", "triplet"])


def library_loss(keys: dict[str, Any], **more: Any) -> Any:
    return LIBRARY[keys["kind"]](**{key: value for key, value in keys.items() if key != "kind"}, **more)


def library_call(loss: Any) -> Any:
    return lambda embeddings, labels, triplets: loss(embeddings, labels, tuple(triplets))


@BOTH
@pytest.mark.parametrize("seed", range(4))
def test_value_and_gradient_equal_the_librarys(keys: dict[str, Any], seed: int) -> None:
    drawn = random_tuples(seed)
    ours = value_and_gradient(build_loss(LossConfig(**keys)), *drawn)
    theirs = value_and_gradient(library_call(library_loss(keys)), *drawn)
    torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-12)


@BOTH
def test_power_and_normalisation_equal_the_librarys(keys: dict[str, Any]) -> None:
    embeddings, labels, triplets = random_tuples(0)
    options = {"power": 2, "normalize_embeddings": False}
    ours = build_loss(LossConfig(**keys, **options))
    theirs = library_loss(keys, distance=distances.LpDistance(**options))
    torch.testing.assert_close(ours(embeddings, labels, triplets), theirs(embeddings, labels, tuple(triplets)))


@pytest.mark.parametrize("case", ["unit", "raw", "easy", "allactive", "single"])
@pytest.mark.parametrize("kind", ["contrastive", "triplet"])
def test_recorded_numbers(case: str, kind: str) -> None:
    with np.load(Path(__file__).parents[1] / "golden" / "losses.npz", allow_pickle=False) as golden:
        embeddings = torch.tensor(golden[f"{case}_emb"]).requires_grad_()
        triplets = Triplets(*(torch.tensor(golden[f"{case}_{slot}"]) for slot in "apn"))
        recorded = [torch.tensor(golden[f"{case}_{kind}_{what}"]) for what in ("value", "grad")]
    found = value_and_gradient(build_loss(LossConfig(kind=kind)), embeddings, torch.zeros(12), triplets)
    torch.testing.assert_close(list(found), recorded, rtol=1e-9, atol=1e-10)


@BOTH
def test_gradient_at_distance_zero_is_finite(keys: dict[str, Any]) -> None:
    embeddings = torch.ones(4, 3, requires_grad=True)
    triplets = Triplets(torch.tensor([0, 1]), torch.tensor([1, 0]), torch.tensor([2, 3]))
    _, gradient = value_and_gradient(build_loss(LossConfig(**keys)), embeddings, torch.zeros(4), triplets)
    assert gradient.isfinite().all()


def test_half_precision_embeddings_are_compared_in_float32() -> None:
    embeddings, labels, triplets = random_tuples(2)
    half = embeddings.detach().bfloat16()
    loss = build_loss(LossConfig(**TRIPLET))(half, labels, triplets)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, build_loss(LossConfig(**TRIPLET))(half.float(), labels, triplets))


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"kind": "no-such-loss"}, "no such loss"),
        ({"kind": "triplet", "marign": 1}, "marign: unknown key"),
        ({"kind": "triplet", "options": {"marign": 1}}, "marign: unknown key"),
        ({"kind": "triplet", "margin": -0.1}, "greater than or equal to 0"),
        ({"kind": "triplet", "margin": float("inf")}, "finite number"),
        ({"kind": "contrastive", "power": 0}, "greater than 0"),
        ({"kind": "contrastive", "neg_margin": "wide"}, "valid number"),
    ],
)
def test_mistakes_are_found_when_the_study_is_read(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        LossConfig(**keys)


def test_the_classes_take_their_options_by_keyword() -> None:
    assert ContrastiveLoss(neg_margin=0.5).neg_margin == 0.5
    assert TripletLoss().margin == 0.2


def test_reading_a_loss_of_a_study_imports_no_torch() -> None:
    code = "import sys; from robust_dml.config.training import LossConfig as L;"
    code += "L(kind='triplet'); L(kind='MultiSimilarityLoss', alpha=1); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
