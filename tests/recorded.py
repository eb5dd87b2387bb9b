"""Reading the numbers recorded from the released code, and the network they were recorded with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from robust_dml.attacks import released

Recorded = dict[str, Tensor]


def read(path: Path) -> Recorded:
    """The arrays of one file, as tensors."""
    with np.load(path, allow_pickle=False) as stored:
        return {key: torch.from_numpy(np.asarray(stored[key])) for key in stored.files}


def close(found: Tensor | float, recorded: Tensor, *, atol: float = 1e-10, rtol: float = 1e-9) -> None:
    """Equal to the stated tolerance: absolute or relative, whichever is larger."""
    torch.testing.assert_close(torch.as_tensor(found, dtype=recorded.dtype), recorded, atol=atol, rtol=rtol)


def tiny_net(recorded: Recorded, prefix: str = "net") -> Callable[[Tensor], Tensor]:
    """The two-convolution network of the recordings."""
    weights = {part: recorded[f"{prefix}_{part}"] for part in _PARTS}

    def embed(images: Tensor) -> Tensor:
        first = functional.conv2d(images, weights["conv1_weight"], weights["conv1_bias"], stride=2, padding=1).relu()
        second = functional.conv2d(first, weights["conv2_weight"], weights["conv2_bias"], stride=2, padding=1).relu()
        flat = functional.linear(second.mean((2, 3)), weights["fc_weight"], weights["fc_bias"])
        return flat / flat.norm(dim=1, keepdim=True)

    return embed


_PARTS = [f"{layer}_{part}" for layer in ("conv1", "conv2", "fc") for part in ("weight", "bias")]


def target_of(recorded: Recorded, kind: str) -> Callable[[Tensor], Tensor]:
    """The released objective: away from r_pos, towards r_neg, or both."""
    positive = recorded["ref_pos"] if "pos" in kind else None
    return released.objective(positive, recorded["ref_neg"] if "neg" in kind else None)
