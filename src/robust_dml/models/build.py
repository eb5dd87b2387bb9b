"""A model before its training."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from robust_dml.config.training import BackboneConfig
from robust_dml.models.embedding import EmbeddingModel
from robust_dml.models.weights import load_weights
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.randomness import derive_seed


def build_model(config: BackboneConfig, *, seed: int, data_root: Path) -> EmbeddingModel:
    """Return the model of a backbone, on the CPU, in eval mode: (B, 3, H, W) in [0, 1] -> (B, d).

    Random weights are a function of `seed`; pre-trained ones come from <data_root>/weights or the file that the
    study names. Raises UserError for weights that are absent or do not fit, and for a backbone that cannot be built.
    """
    network = build_network(config, seed)
    load_weights(network, config, data_root)
    return as_embedding(network, config)


def build_network(config: BackboneConfig, seed: int) -> nn.Module:
    """Return a backbone with random weights that are a function of `seed`; torch's generator stays as it is."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, "weights"))
        network = config.record.build(config)
    if not isinstance(network, nn.Module):
        raise UserError(f"backbones: {config.kind} returned {type(network).__name__}, expected a torch.nn.Module")
    return network


def as_embedding(network: nn.Module, config: BackboneConfig) -> EmbeddingModel:
    """Return the network with the normalisation of inputs and embeddings that a study asks for, in eval mode."""
    return EmbeddingModel(network, normalize=config.normalize, normalize_embedding=config.normalize_embedding).eval()
