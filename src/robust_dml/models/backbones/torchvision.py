"""Any classifier of torchvision; its last linear layer is replaced by one to the embedding.

mobile: {kind: "torchvision:mobilenet_v3_small", embedding: 128, weights: imagenet, normalize: imagenet}
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, cast

from pydantic import model_validator

from robust_dml.records import Backbone
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.lazy import torch
from robust_dml.runtime.options import Options

if TYPE_CHECKING:
    from robust_dml.config.training import BackboneConfig


def find(argument: str) -> Backbone:
    """Return the record of `torchvision:NAME`. Raises UserError for a name that is no classifier of torchvision."""
    if argument not in classifiers():
        raise UserError(f"torchvision has no classifier {argument}; known are {', '.join(classifiers())}")
    return Backbone(
        label=f"torchvision's {argument}",
        summary="its last linear layer is replaced by one to the embedding",
        build=lambda config: torchvision_backbone(argument, config),
        fetches_imagenet=True,
    )


@cache
def classifiers() -> list[str]:
    """Return the names of torchvision's classifiers, read from its sources: importing it would take seconds."""
    spec = find_spec("torchvision")
    if spec is None or spec.origin is None:
        return []
    files = (Path(spec.origin).parent / "models").glob("*.py")
    return sorted(name for file in files for name in _registered(file))


def _registered(file: Path) -> Iterator[str]:
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        decorators = node.decorator_list if isinstance(node, ast.FunctionDef) else []
        if any(ast.unparse(decorator) == "register_model()" for decorator in decorators):
            yield cast(ast.FunctionDef, node).name


def torchvision_backbone(name: str, config: BackboneConfig) -> torch.nn.Module:
    """Return a classifier of torchvision with its last linear layer replaced by one to the embedding.

    With `weights: imagenet`, torchvision downloads and verifies its default weights. Raises UserError if that fails.
    """
    from torchvision import models

    try:
        model = models.get_model(name, weights="DEFAULT" if config.weights == "imagenet" else None)
    except (OSError, RuntimeError) as error:  # RuntimeError: a download with another hash
        reason = " ".join(str(error).split())
        raise UserError(f"backbones: the weights of torchvision:{name} cannot be fetched: {reason}") from error
    path, last = _last_linear(model, name)
    parent, _, attribute = path.rpartition(".")
    setattr(model.get_submodule(parent), attribute, torch.nn.Linear(last.in_features, config.embedding))
    return cast("torch.nn.Module", model)


def _last_linear(model: torch.nn.Module, name: str) -> tuple[str, torch.nn.Linear]:
    linear = [(path, module) for path, module in model.named_modules() if isinstance(module, torch.nn.Linear)]
    if not linear:
        raise UserError(f"backbones: torchvision:{name} has no linear layer that an embedding could replace")
    return linear[-1]


class _NameMissing(Options):
    """The options of `torchvision` without the name of a network."""

    @model_validator(mode="after")
    def _refuse(self) -> NoReturn:
        raise ValueError("write torchvision:NAME, such as torchvision:mobilenet_v3_small")


def _build(config: BackboneConfig) -> NoReturn:
    raise UserError("backbones: write torchvision:NAME, such as torchvision:mobilenet_v3_small")


ENTRY = Backbone(
    label="torchvision:NAME",
    summary="any classifier of torchvision; its last linear layer is replaced",
    options=_NameMissing,
    build=_build,
)
