"""Tensors that a job has computed, kept block by block in a folder, so that a killed job continues at the last."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from robust_dml.runtime.errors import UserError
from robust_dml.runtime.files import replacing
from robust_dml.runtime.lazy import Tensor, torch
from robust_dml.runtime.progress import say
from robust_dml.runtime.sealed import require_checksum, write_checksum


@dataclass(frozen=True)
class Kept:
    """A folder of tensors, each with its checksum; without a folder nothing is kept."""

    folder: Path | None = None
    device: str = "cpu"

    def tensor(self, name: str, compute: Callable[[], Tensor]) -> Tensor:
        """Return the tensor of a name, computed and kept if it is not there or is damaged."""
        if self.folder is None:
            return compute()
        path = self.folder / f"{name}.npy"
        found = _load(path, self.device)
        if found is None:
            found = compute()
            with replacing(path) as temporary, temporary.open("wb") as stream:
                np.save(stream, found.cpu().numpy(), allow_pickle=False)
            write_checksum(path)
        return found

    def clear(self) -> None:
        """Delete the folder."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


def _load(path: Path, device: str) -> Tensor | None:
    if not path.exists():
        return None
    try:
        require_checksum(path, "it is computed again")
        return torch.from_numpy(np.load(path, allow_pickle=False)).to(device)
    except UserError as error:
        say(str(error))
        return None
