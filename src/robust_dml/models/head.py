"""From a trunk's features to the embedding."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn


def with_head(trunk: nn.Module, features: int, embedding: int) -> nn.Module:
    """`trunk`, from images to (B, features), followed by a linear layer to (B, embedding)."""
    return nn.Sequential(OrderedDict(trunk=trunk, head=nn.Linear(features, embedding)))
