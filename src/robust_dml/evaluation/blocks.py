"""Long work on many queries, saved block by block, so that a killed job continues at the last block."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robust_dml.evaluation.attacked import Attacked, load_attacked, save_attacked
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.progress import say, track

Positions = NDArray[np.int64]
Work = Callable[[Positions], Attacked]


def run_blocks(work: Work, positions: Positions, folder: Path, *, block: int, batch: int, title: str) -> Attacked:
    """Apply `work` to batches of `batch` queries and join the results; `block` queries are saved at a time.

    Blocks found in `folder` are not computed again; a damaged one is. A block is a whole number of batches, so that its
    size changes no result. `seconds` is the time of all blocks, whichever job spent it.
    """
    batches = list(_cut(positions, batch))
    bar = track(batches, title=title, unit="batch")
    per_block = max(1, block // batch)
    blocks = []
    for number, first in enumerate(range(0, len(batches), per_block)):
        path = folder / f"block-{per_block}-{number:05d}.npz"
        found = _load_block(path)
        if found is None:
            started, parts = time.perf_counter(), []
            for queries in batches[first : first + per_block]:
                parts.append(work(queries))
                next(bar, None)
            found = _timed(joined(parts), time.perf_counter() - started)
            save_attacked(path, found)
        blocks.append(found)
    return joined(blocks)


def _load_block(path: Path) -> Attacked | None:
    """Return a saved block; None if there is none, or if it was damaged and is now deleted."""
    if not path.exists():
        return None
    try:
        return load_attacked(path)
    except UserError as error:
        say(f"{error}; it is computed again")
        path.unlink()
        return None


def _timed(attacked: Attacked, seconds: float) -> Attacked:
    return replace(attacked, origin=replace(attacked.origin, seconds=seconds))


def joined(parts: list[Attacked]) -> Attacked:
    """Return the results of several batches as one."""
    seconds = sum(part.origin.seconds for part in parts)
    return Attacked(
        positions=np.concatenate([part.positions for part in parts]),
        embeddings=np.concatenate([part.embeddings for part in parts]),
        norm=np.concatenate([part.norm for part in parts]),
        zero_gradient=np.concatenate([part.zero_gradient for part in parts]),
        image_positions=np.concatenate([part.image_positions for part in parts]),
        images=np.concatenate([part.images for part in parts]),
        origin=replace(parts[0].origin, seconds=seconds),
    )


def _cut(positions: Positions, size: int) -> Iterator[Positions]:
    return (positions[first : first + size] for first in range(0, len(positions), size))
