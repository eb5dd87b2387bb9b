"""Backbones of others: any classifier of torchvision, any function of the user's."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from torch import nn

from robust_dml.config.training import BackboneConfig
from robust_dml.runtime.errors import UserError


def torchvision_backbone(name: str, config: BackboneConfig) -> nn.Module:
    """torchvision:NAME, its last linear layer replaced by one to the embedding.

    `weights: imagenet` takes torchvision's default weights through its own verified download.
    """
    from torchvision import models

    try:
        model = models.get_model(name, weights="DEFAULT" if config.weights == "imagenet" else None)
    except ValueError as error:
        raise UserError(f"backbones: torchvision has no model {name}; torchvision.models.list_models()") from error
    except OSError as error:
        raise UserError(f"backbones: the weights of torchvision:{name} cannot be fetched: {error}") from error
    path, last = _last_linear(model, name)
    parent, _, attribute = path.rpartition(".")
    setattr(model.get_submodule(parent), attribute, nn.Linear(last.in_features, config.embedding))
    return cast(nn.Module, model)


def _last_linear(model: nn.Module, name: str) -> tuple[str, nn.Linear]:
    linear = [(path, module) for path, module in model.named_modules() if isinstance(module, nn.Linear)]
    if not linear:
        raise UserError(f"backbones: torchvision:{name} has no linear layer that an embedding could replace")
    return linear[-1]


def user_backbone(module: str, function: str, config: BackboneConfig) -> nn.Module:
    """MODULE:FUNCTION; `function(embedding)` returns a module from (B, 3, H, W) to (B, embedding)."""
    try:
        build = getattr(import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise UserError(f"backbones: {module}:{function} cannot be imported: {error}") from error
    network = build(config.embedding)
    if not isinstance(network, nn.Module):
        raise UserError(f"backbones: {module}:{function} returned {type(network).__name__}, not a torch.nn.Module")
    return network
