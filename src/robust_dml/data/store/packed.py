"""Images of any size, one after the other in one file of bytes, read in place through a memory map."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

CHANNELS = 3
Bytes = NDArray[np.uint8]


class PackedImages:
    """A file that holds RGB images of the given heights and widths (N,), each as uint8 (height, width, 3).

    The map is opened where it is first used, so that a worker process gets the path and not a copy.
    """

    def __init__(self, path: Path, heights: NDArray[np.int64], widths: NDArray[np.int64]) -> None:
        self.path, self.heights, self.widths = path, heights, widths
        self.ends = np.cumsum(heights * widths * CHANNELS)
        same = len(heights) > 0 and bool((heights == heights[0]).all() and (widths == widths[0]).all())
        self.shape = (int(heights[0]), int(widths[0])) if same else None

    def __len__(self) -> int:
        return len(self.heights)

    @property
    def size(self) -> int:
        """The size of the complete file, in bytes."""
        return int(self.ends[-1]) if len(self) else 0

    def __getitem__(self, i: int) -> Bytes:
        """Return image i, uint8 (height, width, 3), a view of the file."""
        height, width = int(self.heights[i]), int(self.widths[i])
        end = int(self.ends[i])
        return self._map[end - height * width * CHANNELS : end].reshape(height, width, CHANNELS)

    def rows(self, positions: NDArray[np.int64]) -> Bytes:
        """Return images of one common size, uint8 (B, height, width, 3), copied out of the file."""
        if self.shape is None:
            raise ValueError(f"{self.path}: its images differ in size")
        rows: Bytes = self._map.reshape(len(self), *self.shape, CHANNELS)[positions]
        return rows

    def create(self) -> None:
        """Create the file at its full size; `write` then fills it."""
        with self.path.open("wb") as stream:
            stream.truncate(self.size)

    def write(self, i: int, image: Bytes) -> None:
        """Write image i, uint8 (height, width, 3), into the file."""
        with self.path.open("r+b") as stream:
            stream.seek(int(self.ends[i]) - image.nbytes)
            stream.write(np.ascontiguousarray(image).tobytes())

    def read(self, i: int) -> Bytes:
        """Read image i, uint8 (height, width, 3), from the file, without the memory map."""
        height, width = int(self.heights[i]), int(self.widths[i])
        count = height * width * CHANNELS
        found = np.fromfile(self.path, dtype=np.uint8, count=count, offset=int(self.ends[i]) - count)
        return found.reshape(height, width, CHANNELS)

    @cached_property
    def _map(self) -> Bytes:
        # Copy-on-write: torch wants writable memory, and the file must not change.
        return np.memmap(self.path, dtype=np.uint8, mode="c", shape=(self.size,)).view(np.ndarray)

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key != "_map"}
