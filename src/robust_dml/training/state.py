"""The state that an interrupted training goes on from; nothing in it is unpickled.

state.safetensors holds the weights, Adam's moments and, as JSON in its header, the position and the history; it is
replaced as a whole, so at any moment it is that of some step. Beside it lie the weights of the epochs that a
checkpoint choice refers to, each written before the state that mentions it.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from robust_dml.runtime.errors import UserError
from robust_dml.runtime.files import replacing
from robust_dml.runtime.progress import say
from robust_dml.training.adam import Adam
from robust_dml.training.checkpoints import Choices, epochs_of
from robust_dml.training.history import Row


@dataclass
class Position:
    """How far a training has come: `epoch` whole epochs and `step` steps of the next."""

    epoch: int = 0
    step: int = 0
    loss_sum: float = 0.0
    bad_steps: int = 0
    seconds: float = 0.0
    history: list[Row] = field(default_factory=list)
    choices: Choices = field(default_factory=dict)


class StateFolder:
    """Where one training's state lies; `key` is what it must fit: settings, data and versions."""

    def __init__(self, folder: Path, key: dict[str, Any]) -> None:
        self.folder = folder
        self.key = key
        self.file = folder / "state.safetensors"

    def save(self, model: nn.Module, optimiser: Adam, position: Position) -> None:
        """Replace the state, then remove weights that no choice refers to any longer."""
        header = {"key": json.dumps(self.key), "position": json.dumps(asdict(position))}
        tensors = _prefixed("model/", model.state_dict()) | _prefixed("optimiser/", optimiser.state())
        save_tensors(self.file, tensors, header)
        kept = {self.epoch_file(epoch) for epoch in epochs_of(position.choices)}
        for file in set(self.folder.glob("epoch-*.safetensors")) - kept:
            file.unlink()

    def load(self, model: nn.Module, optimiser: Adam) -> Position:
        """Fill model and optimiser, and say how far they are; the beginning if there is no state.

        Raises UserError if the state is damaged or is that of another training.
        """
        if not self.file.exists():
            self._mention_others()
            return Position()
        tensors, header = self._read()
        if json.loads(header["key"]) != self.key:
            raise UserError(f"{self.file}: the state of a training with other settings or data; delete {self.folder}")
        model.load_state_dict(_without_prefix("model/", tensors))
        optimiser.load(_without_prefix("optimiser/", tensors))
        position = Position(**json.loads(header["position"]))
        say(f"going on after {position.epoch} epochs and {position.step} steps, from {self.file}")
        return position

    def save_epoch(self, model: nn.Module, epoch: int) -> None:
        """Keep the weights of an epoch."""
        save_tensors(self.epoch_file(epoch), model.state_dict(), {})

    def epoch_file(self, epoch: int) -> Path:
        """The weights after `epoch` epochs."""
        return self.folder / f"epoch-{epoch}.safetensors"

    def remove(self) -> None:
        """Delete the state; the model is written."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _read(self) -> tuple[dict[str, Tensor], dict[str, str]]:
        try:
            with safe_open(self.file, framework="pt") as stored:
                return {name: stored.get_tensor(name) for name in stored.keys()}, dict(stored.metadata())  # noqa: SIM118
        except (SafetensorError, TypeError) as error:
            raise UserError(f"{self.file}: damaged ({error}); delete {self.folder} to start anew") from error

    def _mention_others(self) -> None:
        others = sorted(str(f.parent) for f in self.folder.parent.glob("*/state.safetensors"))
        if others:
            say(f"starting anew: other settings or data left an unfinished training in {', '.join(others)}")


def save_tensors(path: Path, tensors: dict[str, Tensor], header: dict[str, str]) -> None:
    """Write tensors to a .safetensors file, atomically; the same tensors give the same bytes."""
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with replacing(path) as temporary:
        save_file(plain, temporary, metadata=header or None)


def _prefixed(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {prefix + name: tensor for name, tensor in tensors.items()}


def _without_prefix(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
