"""Embedding networks, by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from robust_dml.config.training import BackboneConfig
from robust_dml.models.backbones.convnet import convnet
from robust_dml.models.backbones.foreign import torchvision_backbone, user_backbone
from robust_dml.models.backbones.resnet import resnet18, resnet50
from robust_dml.models.backbones.visualphishnet import visualphishnet
from robust_dml.models.embedding import EmbeddingModel
from robust_dml.models.weights import fill, load_weights, read_weights
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.randomness import derive_seed

BACKBONES: dict[str, Callable[[BackboneConfig], nn.Module]] = {
    "convnet": convnet,
    "resnet18": resnet18,
    "resnet50": resnet50,
    "visualphishnet": visualphishnet,
}


def build_model(config: BackboneConfig, *, seed: int, data_root: Path) -> EmbeddingModel:
    """The model of a backbone, on the CPU, in eval mode: (B, 3, H, W) in [0, 1] -> (B, d).

    Random weights are a function of `seed`; pre-trained ones come from <data_root>/weights or the file that the
    study names. Raises UserError for an unknown backbone and for weights that are absent or do not fit.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, "weights"))
        network = _network(config)
    if not config.kind.startswith("torchvision:") or isinstance(config.weights, Path):
        load_weights(network, config, data_root)
    return EmbeddingModel(network, normalize=config.normalize, normalize_embedding=config.normalize_embedding).eval()


def load_model(config: BackboneConfig, path: Path) -> EmbeddingModel:
    """The trained model in `path`, on the CPU, in eval mode. Raises UserError if it is absent or does not fit."""
    network = _network(config.model_copy(update={"weights": "random"}))
    fill(network, read_weights(path), str(path))
    return EmbeddingModel(network, normalize=config.normalize, normalize_embedding=config.normalize_embedding).eval()


def _network(config: BackboneConfig) -> nn.Module:
    if config.kind in BACKBONES:
        return BACKBONES[config.kind](config)
    module, colon, name = config.kind.partition(":")
    if not colon:
        raise UserError(f"backbones: no such kind: {config.kind}; known are {', '.join(BACKBONES)} and MODULE:FUNCTION")
    if module == "torchvision":
        return torchvision_backbone(name, config)
    return user_backbone(module, name, config)


__all__ = ["BACKBONES", "EmbeddingModel", "build_model", "load_model"]
