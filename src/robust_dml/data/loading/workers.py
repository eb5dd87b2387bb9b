"""Worker processes that load batches: what may go wrong with them, in one line each."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from typing import Generic, TypeVar

from torch.utils.data import DataLoader

from robust_dml.runtime.errors import UserError

T = TypeVar("T")

HANDLES, HANDLES_PER_WORKER = 64, 32  # open files of a training, and of the batches that are under way to it
FEWER = "lower optimisation.workers, or set it to 0"


class LoadedBatches(Generic[T]):
    """The batches of a DataLoader, in its order."""

    def __init__(self, loader: DataLoader[T]) -> None:
        """Raises UserError if this process may not open as many files as the workers need."""
        self.loader = loader
        _require_handles(loader.num_workers)

    def __len__(self) -> int:
        return len(self.loader)

    def __iter__(self) -> Iterator[T]:
        """Yield the batches. Raises UserError if a worker is killed, fails, or cannot be started."""
        if self.loader.num_workers == 0:
            yield from self.loader
            return
        try:
            yield from self.loader
        except (UserError, RuntimeError, OSError) as error:
            raise UserError(
                f"{self.loader.num_workers} workers that load batches: {_reason(error)}; {FEWER}"
            ) from error


def _reason(error: Exception) -> str:
    """Return one line; an error in a worker reaches this process with the worker's traceback, whose end it is."""
    text = str(error)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return type(error).__name__
    return lines[-1].removeprefix(f"{UserError.__module__}.UserError: ") if "Traceback" in text else " ".join(lines)


def _require_handles(workers: int) -> None:
    needed, allowed = HANDLES + workers * HANDLES_PER_WORKER, resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if workers and allowed < needed:
        raise UserError(
            f"{workers} workers that load batches need {needed} open files, {allowed} are allowed; raise the limit"
            f" (ulimit -n {needed}), or {FEWER}"
        )
