"""An encoder of the user's as a network: whatever it returns is checked at every pass."""

from __future__ import annotations

from collections.abc import Callable
from inspect import getclosurevars, ismethod
from typing import Any

import torch
from torch import Tensor, nn

from robust_dml.runtime.errors import UserError


class Encoder(nn.Module):
    """Maps images (B, 3, H, W) in [0, 1] to embeddings (B, d) by a module or a function of the user's.

    Modules that a function uses are found, so that they move to the device and their weights are stored. `source` is
    what messages call the encoder.
    """

    def __init__(self, encode: Callable[[Tensor], Any], source: str) -> None:
        super().__init__()
        self.source = source
        self.encode = encode
        if not isinstance(encode, nn.Module):
            self.used = nn.ModuleList(modules_of(encode))
        self.register_buffer("one", torch.ones(()))  # a file of weights needs at least one tensor

    def forward(self, images: Tensor) -> Tensor:
        """Embed images (B, 3, H, W). Raises UserError if the encoder fails or returns no floats (B, d)."""
        try:
            found = self.encode(images.contiguous())
        except (UserError, MemoryError, torch.OutOfMemoryError):
            raise
        except Exception as error:  # whatever the user's code raises
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
            raise UserError(f"encoder {self.source}: fails on images {tuple(images.shape)}: {reason}") from error
        embeddings = self._checked(found, len(images))
        if not images.requires_grad:
            return embeddings
        # An encoder without gradients is attacked, and flagged, like one whose gradients are zero.
        return embeddings + 0 * images.flatten(1).sum(1, keepdim=True).to(embeddings.dtype)

    def _checked(self, found: Any, rows: int) -> Tensor:
        expected = f"encoder {self.source}: expected embeddings ({rows}, d) for {rows} images, found"
        if not isinstance(found, Tensor):
            raise UserError(f"{expected} {type(found).__name__}; return a tensor")
        if found.ndim != 2 or found.shape[0] != rows or found.shape[1] == 0:
            raise UserError(f"{expected} {tuple(found.shape)}")
        if not found.is_floating_point():
            raise UserError(f"{expected} {str(found.dtype).removeprefix('torch.')}; return floating-point numbers")
        return found


def modules_of(function: Callable[..., Any]) -> list[nn.Module]:
    """Return the modules that a function uses: of its closure, its globals, or the object that it is a method of."""
    if ismethod(function):
        found = [function.__self__, *vars(function.__self__).values()]
    else:
        try:
            used = getclosurevars(function)
        except TypeError:  # a callable object
            return [value for value in vars(function).values() if isinstance(value, nn.Module)]
        found = [*used.nonlocals.values(), *used.globals.values()]
    return [value for value in found if isinstance(value, nn.Module)]
