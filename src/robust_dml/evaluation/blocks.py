"""Work in blocks that are saved as they finish, so that a killed job goes on where it was."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from robust_dml.runtime.files import replacing
from robust_dml.runtime.progress import track

Arrays = dict[str, np.ndarray]
Work = Callable[[np.ndarray], Arrays]
SECONDS = "seconds"


@dataclass(frozen=True)
class Blocks:
    """How queries are cut: `block` of them are saved at a time, `batch` of them are in memory at a time."""

    block: int
    batch: int

    def run(self, work: Work, positions: np.ndarray, folder: Path, *, title: str) -> Arrays:
        """Apply `work` to batches of `positions` and join the arrays it returns, row by row.

        Blocks found in `folder` are not worked again. `seconds` in the result is the time of all blocks,
        whichever job spent it.
        """
        bar = track(list(_cut(positions, self.batch)), title=title, unit="batch")
        blocks = [
            self._load_or_work(folder / f"block-{number:05d}.npz", block, work, bar)
            for number, block in enumerate(_cut(positions, self.block))
        ]
        return _joined(blocks)

    def _load_or_work(self, path: Path, positions: np.ndarray, work: Work, bar: Iterator[np.ndarray]) -> Arrays:
        if path.exists():
            with np.load(path) as saved:
                return dict(saved)
        started = time.perf_counter()
        batches = []
        for batch in _cut(positions, self.batch):
            batches.append(work(batch))
            next(bar, None)
        arrays = _joined(batches)
        arrays[SECONDS] = np.array([time.perf_counter() - started])
        with replacing(path) as temporary, temporary.open("wb") as stream:
            np.savez(stream, **arrays)  # type: ignore[arg-type]
        return arrays


def _cut(positions: np.ndarray, size: int) -> Iterator[np.ndarray]:
    return (positions[first : first + size] for first in range(0, len(positions), size))


def _joined(parts: list[Arrays]) -> Arrays:
    return {name: np.concatenate([arrays[name] for arrays in parts]) for name in parts[0]}
