"""From the features of a trunk to the embedding."""

from __future__ import annotations

from collections import OrderedDict

from robust_dml.runtime.lazy import torch


def with_head(trunk: torch.nn.Module, features: int, embedding: int) -> torch.nn.Module:
    """Return `trunk`, from images to (B, features), followed by a linear layer to (B, embedding)."""
    return torch.nn.Sequential(OrderedDict(trunk=trunk, head=torch.nn.Linear(features, embedding)))
