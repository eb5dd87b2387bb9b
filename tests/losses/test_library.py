"""Losses of pytorch-metric-learning that a study names by their class."""

from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError
from pytorch_metric_learning import losses as library

from losses.tuples import random_tuples
from robust_dml.config.training import LossConfig
from robust_dml.losses import build_loss
from robust_dml.losses.library import find
from robust_dml.runtime.errors import UserError

NAMES = [name for name, value in vars(library).items() if isinstance(value, type)]


def has_weights(name: str) -> bool:
    """Whether the sources say that a loss always trains weights of its own."""
    try:
        find(name)
    except UserError:
        return True
    return False


def test_a_loss_of_the_library_is_given_its_options_and_the_tuples() -> None:
    embeddings, labels, triplets = random_tuples(3)
    ours = build_loss(LossConfig(kind="MultiSimilarityLoss", alpha=2.5))(embeddings, labels, triplets)
    theirs = library.MultiSimilarityLoss(alpha=2.5)(embeddings, labels, tuple(triplets))
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("name", NAMES)
def test_what_the_sources_say_of_a_loss_is_true(name: str) -> None:
    if has_weights(name) or (record := find(name)) is None:
        return
    fields = record.options.model_fields
    required = {field: 0.5 for field in fields if fields[field].is_required()}
    defaults = {field: entry.default for field, entry in fields.items() if entry.default is not None} | required
    assert not list(getattr(library, name)(**defaults).parameters())
    record.build(record.options(**required))


def test_the_losses_without_weights_are_found() -> None:
    found = {name for name in NAMES if not has_weights(name) and find(name)}
    assert {"TripletMarginLoss", "MultiSimilarityLoss", "CircleLoss", "NTXentLoss", "VICRegLoss"} <= found
    assert not found & {"BaseMetricLossFunction", "GenericPairLoss", "CrossBatchMemory", "MultipleLosses"}


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"kind": "BaseMetricLossFunction"}, "no such loss"),
        ({"kind": "MultiSimilarityLoss", "gamma": 1}, "gamma: unknown key"),
        ({"kind": "MultiSimilarityLoss", "alpha": "steep"}, "alpha"),
        ({"kind": "MultiSimilarityLoss", "alpha": float("inf")}, "finite number"),
        ({"kind": "ProxyAnchorLoss", "num_classes": 3, "embedding_size": 4}, "weights of its own"),
    ],
)
def test_mistakes_are_found_when_the_study_is_read(keys: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        LossConfig(**keys)  # type: ignore[arg-type]


def test_weights_that_an_option_brings_are_refused() -> None:
    with pytest.raises(UserError, match="weights of its own"):
        build_loss(LossConfig(kind="MarginLoss", learn_beta=True))
