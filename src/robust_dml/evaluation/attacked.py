"""The stored result of an attack: embeddings of the perturbed queries, in one file that records how they were made."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robust_dml.evaluation.origin import DAMAGE, Origin
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.files import replacing

LEVELS = 65535  # images are stored as 16-bit fixed-point numbers
_ARRAYS = ("positions", "embeddings", "norm", "zero_gradient", "image_positions", "images", "gallery", "member")

Integers = NDArray[np.int64]
Positions = Integers


@dataclass(frozen=True)
class Attacked:
    """Queries at `positions` (N,) under one attack, or unperturbed."""

    positions: Integers
    embeddings: NDArray[np.float32]
    """(N, d); not finite where the model failed."""
    norm: NDArray[np.float64]
    """(N,), the norm of each perturbation in the norm of the attack."""
    zero_gradient: NDArray[np.bool_]
    """(N,), queries without a gradient where the attack begins."""
    image_positions: Integers
    """(M,), positions of the queries whose images are kept."""
    images: NDArray[np.uint16]
    """(M, 3, H, W), pixels of [0, 1] times 65535."""
    origin: Origin
    gallery: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 1), dtype=np.float32))
    """(G, d), clean embeddings of a gallery that is not the queries themselves; only in the clean result."""
    member: Integers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """(N,), which member of the standard protocol broke the query, -1 for none; empty for other attacks."""

    def pixels(self) -> NDArray[np.float32]:
        """Return the kept images (M, 3, H, W), float32 in [0, 1]."""
        return self.images.astype(np.float32) / np.float32(LEVELS)

    def at(self, positions: Integers) -> NDArray[np.float32]:
        """Return the embeddings of the queries at `positions`, which must be among those attacked."""
        rows = np.searchsorted(self.positions, positions)
        return self.embeddings[rows]


def fixed_point(images: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Return images in [0, 1] as 16-bit fixed-point numbers."""
    levels: NDArray[np.uint16] = np.rint(images.astype(np.float64) * LEVELS).astype(np.uint16)
    return levels


def save_attacked(path: Path, attacked: Attacked) -> None:
    """Write a result, atomically, with the hash of its content."""
    arrays = {name: getattr(attacked, name) for name in _ARRAYS}
    header = {**asdict(attacked.origin), "content_sha256": _content_sha256(arrays)}
    with replacing(path) as temporary, temporary.open("wb") as stream:
        np.savez(stream, header=np.array(json.dumps(header)), **arrays)


def load_attacked(path: Path) -> Attacked:
    """Read a result. Raises UserError if it is absent, damaged or edited."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            header = json.loads(str(stored["header"]))
            arrays = {name: stored[name] for name in _ARRAYS}
        content = header.pop("content_sha256")
        origin = Origin(**header)
    except FileNotFoundError as error:
        raise UserError(f"{path}: not there; run `robust-dml attack` or snakemake") from error
    except DAMAGE as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path}: damaged ({reason}); delete it and run snakemake again") from error
    if content != _content_sha256(arrays):
        raise UserError(f"{path}: its content is not what was written (other hash); delete it and run snakemake again")
    return Attacked(**arrays, origin=origin)


def read_origin(path: Path) -> Origin | None:
    """Return how a stored result was made; None if it is absent or damaged, so that it is made again."""
    try:
        return load_attacked(path).origin
    except UserError:
        return None


def _content_sha256(arrays: dict[str, np.ndarray]) -> str:
    content = hashlib.sha256()
    for name in _ARRAYS:
        array = np.ascontiguousarray(arrays[name])
        content.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        content.update(array.tobytes())
    return content.hexdigest()
