"""The one source of randomness: numbers that are a function of where they are used.

A draw is identified by a path, such as (study seed, "attack noise", epoch, image id), never by how many draws
came before it. Batches may therefore be reordered, split over workers or resumed, on a CPU or a GPU, and
every image still gets the same numbers. The generator is SplitMix64 (Steele, Lea & Flood, OOPSLA 2014),
used in counter mode: output number i of seed s is mix(s + (i + 1) * GOLDEN).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from robust_dml.runtime.lazy import Tensor, torch

if TYPE_CHECKING:
    import numpy as np

_GOLDEN = 0x9E3779B97F4A7C15
_MIX_1 = 0xBF58476D1CE4E5B9
_MIX_2 = 0x94D049BB133111EB


def derive_seed(*path: int | str) -> int:
    """Return a 63-bit seed that is a function of the path alone."""
    text = "\x1f".join(f"{type(part).__name__}:{part}" for part in path)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little") >> 1


def numpy_generator(*path: int | str) -> np.random.Generator:
    """Return a NumPy generator seeded by the path."""
    import numpy as np

    return np.random.Generator(np.random.Philox(derive_seed(*path)))


def torch_generator(*path: int | str) -> torch.Generator:
    """Return a torch generator on the CPU, seeded by the path."""
    return torch.Generator().manual_seed(derive_seed(*path))


def sample_seeds(ids: Tensor, *path: int | str) -> Tensor:
    """Return one seed per sample, int64 (B,), a function of the path and of each sample's id (B,)."""
    return _mix(ids.to(torch.int64) * _signed(_GOLDEN) + derive_seed(*path))


def uniform(seeds: Tensor, shape: Sequence[int], *, stream: int = 0) -> Tensor:
    """Return uniform draws in [0, 1), float32 (B, *shape), row i a function of seeds[i] and `stream` alone."""
    bits = _bits(seeds, math.prod(shape), stream)
    return (_shift_right(bits, 40).to(torch.float32) * 2.0**-24).reshape(len(seeds), *shape)


def normal(seeds: Tensor, shape: Sequence[int], *, stream: int = 0) -> Tensor:
    """Return normal draws (Box-Muller), float32 (B, *shape), row i a function of seeds[i] and `stream` alone."""
    radius = (-2 * torch.log1p(-uniform(seeds, shape, stream=2 * stream + 1).double())).sqrt()
    angle = 2 * math.pi * uniform(seeds, shape, stream=2 * stream + 2).double()
    return (radius * torch.cos(angle)).to(torch.float32)


def _bits(seeds: Tensor, count: int, stream: int) -> Tensor:
    counter = torch.arange(1, count + 1, dtype=torch.int64, device=seeds.device) * _signed(_GOLDEN)
    start = _mix(seeds + _signed(stream * _MIX_2 % 2**64)) if stream else seeds
    return _mix(start[:, None] + counter)


def _mix(z: Tensor) -> Tensor:
    z = (z ^ _shift_right(z, 30)) * _signed(_MIX_1)
    z = (z ^ _shift_right(z, 27)) * _signed(_MIX_2)
    return z ^ _shift_right(z, 31)


def _shift_right(z: Tensor, bits: int) -> Tensor:
    """Return the logical shift, which torch lacks for int64: shift, then clear the copies of the sign bit."""
    return (z >> bits) & ((1 << (64 - bits)) - 1)


def _signed(value: int) -> int:
    """Return the int64 with the same bits as an unsigned 64-bit value."""
    return value - (1 << 64) if value >= 1 << 63 else value
