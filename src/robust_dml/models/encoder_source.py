"""Where an encoder of the user's comes from: a function by its name, a TorchScript or exported file, or an object."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import MethodType
from typing import Any

import torch
from torch import nn

from robust_dml.models.encoder import Encoder
from robust_dml.models.given import GIVEN, given_name
from robust_dml.runtime.errors import UserError

EXPORTED = ".pt2"


def open_encoder(source: str) -> Encoder:
    """Return the encoder that `source` names. Raises UserError if it cannot be read, built or called."""
    if given_name(source):
        return Encoder(GIVEN[source], source)
    module, separator, function = source.partition(":")
    if separator and not Path(source).exists():
        return Encoder(_built(source, module, function), source)
    return Encoder(_read(Path(source)), source)


def _built(source: str, module: str, function: str) -> Callable[..., Any]:
    """Return the module or function that `module:function` builds; a module by that name is taken as it is."""
    try:
        found = getattr(import_module(module), function)
        built = found if isinstance(found, nn.Module) else found()
    except UserError:
        raise
    except Exception as error:  # whatever the user's code raises
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise UserError(f"encoder {source}: cannot be built: {reason}") from error
    if not callable(built):
        raise UserError(
            f"encoder {source}: expected a function without arguments that returns a module or a function from images"
            f" to embeddings, found one that returns {type(built).__name__}"
        )
    encode: Callable[..., Any] = built
    return encode


def _read(path: Path) -> nn.Module:
    """Return the module in a file: a TorchScript archive, or an exported program if its name ends in .pt2."""
    try:
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # TorchScript will leave torch
            return _exported(path) if path.suffix == EXPORTED else _traced(path)
    except FileNotFoundError as error:
        raise UserError(f"encoder {path}: no such file") from error
    except Exception as error:  # whatever a damaged file makes of the readers
        reason = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise UserError(
            f"encoder {path}: expected a TorchScript file, an exported program (.pt2), module:function or the folder of"
            f" a trained model: {reason.strip()}"
        ) from error


def _traced(path: Path) -> nn.Module:
    module: nn.Module = torch.jit.load(str(path), map_location="cpu")
    return module


def _exported(path: Path) -> nn.Module:
    module: nn.Module = torch.export.load(path).module()  # type: ignore[no-untyped-call]
    # An exported module has one mode and refuses to be asked for another.
    module.train = MethodType(lambda self, mode=True: self, module)  # type: ignore[method-assign]
    return module
