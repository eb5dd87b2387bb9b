"""The state from which an interrupted training continues; nothing in it is unpickled.

state-<epoch>-<step>-<checksum>.safetensors holds the weights, their mean if that is published, Adam's moments, the
method's own state and, as JSON in its header, the progress. It gets its name once it is complete, and the one before it
is kept: a file whose bytes have another SHA-256 than its name says is damaged, and the training goes on from the other.
Beside them are the weights of the epochs that a checkpoint choice refers to, each written before the state that records
their checksum.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from robust_dml.runtime.errors import UserError
from robust_dml.runtime.files import replacing, sha256_of
from robust_dml.runtime.progress import say
from robust_dml.training.adam import Adam
from robust_dml.training.checkpoints import Choice, epochs_of
from robust_dml.training.history import HistoryRow
from robust_dml.training.methods import TrainingMethod
from robust_dml.training.published import PublishedModel
from robust_dml.training.state_files import PATTERN, checksum_of, newest_first, state_name

KEPT = 2


@dataclass
class TrainingProgress:
    """How far a training has come: `epoch` whole epochs and `step` steps of the next."""

    epoch: int = 0
    step: int = 0
    loss_sum: float = 0.0
    bad_steps: int = 0
    seconds: float = 0.0
    history: list[HistoryRow] = field(default_factory=list)
    choices: dict[str, Choice] = field(default_factory=dict)
    saved_epochs: dict[int, str] = field(default_factory=dict)
    """SHA-256 of the weights saved after an epoch."""
    spread: float | None = None
    """Relative spread of the test embeddings, when last validated."""

    @classmethod
    def from_json(cls, text: str) -> TrainingProgress:
        """Return the progress that `json.dumps(asdict(progress))` wrote."""
        values = json.loads(text)
        values["history"] = [HistoryRow(**row) for row in values["history"]]
        values["choices"] = {name: Choice(**choice) for name, choice in values["choices"].items()}
        values["saved_epochs"] = {int(epoch): sha256 for epoch, sha256 in values["saved_epochs"].items()}
        return cls(**values)


@dataclass(frozen=True)
class Learner:
    """What a training changes: the model, the one to publish, the method's own state, and the optimiser."""

    model: nn.Module
    method: TrainingMethod
    optimiser: Adam
    published: PublishedModel

    def tensors(self) -> dict[str, Tensor]:
        """Return everything that the next step depends on, by name."""
        return {
            **_prefixed("model/", self.model.state_dict()),
            **_prefixed("optimiser/", self.optimiser.state()),
            **_prefixed("published/", self.published.state()),
            **_prefixed("method/", self.method.state()),
            **_prefixed("parameter/", self.method.parameters()),
        }

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Restore what `tensors` returned. Raises RuntimeError or KeyError if names or shapes differ."""
        self.model.load_state_dict(_without_prefix("model/", tensors))
        self.optimiser.load(_without_prefix("optimiser/", tensors))
        self.published.load(_without_prefix("published/", tensors))
        self.method.load(_without_prefix("method/", tensors))
        for name, parameter in self.method.parameters().items():
            parameter.data.copy_(tensors[f"parameter/{name}"])


class StateFolder:
    """The folder of one training's state; `key` is what a state must fit: settings, data and versions."""

    def __init__(self, folder: Path, key: dict[str, Any]) -> None:
        self.folder, self.key = folder, key

    def save(self, learner: Learner, progress: TrainingProgress) -> None:
        """Write the state, then remove all but the one before, and weights that no choice refers to any longer."""
        wanted = epochs_of(progress.choices)
        progress.saved_epochs = {epoch: sha for epoch, sha in progress.saved_epochs.items() if epoch in wanted}
        header = {"key": json.dumps(self.key), "progress": json.dumps(asdict(progress))}
        self.folder.mkdir(parents=True, exist_ok=True)
        unfinished = self.folder / "unfinished"
        try:
            write_tensors(unfinished, learner.tensors(), header)
            file = self.folder / state_name(progress.epoch, progress.step, sha256_of(unfinished))
            unfinished.replace(file)
        finally:
            unfinished.unlink(missing_ok=True)
        self._remove_old(file)

    def load(self, learner: Learner) -> TrainingProgress:
        """Fill the learner from the last undamaged state and return its progress; the beginning if there is none.

        Raises UserError if the state is that of another training or does not fit this version of the code.
        """
        files = newest_first(self.folder)
        if not files:
            self._mention_others()
        for file in files:
            damage = self._damage(file)
            if damage is None:
                return self._read(file, learner)
            say(f"{file}: damaged ({damage}); trying the state before, else starting from the beginning")
        return TrainingProgress()

    def save_epoch(self, model: nn.Module, progress: TrainingProgress) -> None:
        """Write the weights of the epoch that `progress` has just completed, and note their checksum in it."""
        file = self.epoch_file(progress.epoch)
        with replacing(file) as temporary:
            write_tensors(temporary, model.state_dict(), {})
        progress.saved_epochs[progress.epoch] = sha256_of(file)

    def epoch_file(self, epoch: int) -> Path:
        """Return the file of the weights after `epoch` epochs."""
        return self.folder / f"epoch-{epoch}.safetensors"

    def require_undamaged(self, epoch: int, progress: TrainingProgress) -> Path:
        """Return the file of an epoch's weights. Raises UserError if its bytes are not those that were saved."""
        file = self.epoch_file(epoch)
        if not _has_checksum(file, progress.saved_epochs.get(epoch, "")):
            raise UserError(f"{file}: damaged (its checksum differs); the same command trains from the beginning")
        return file

    def remove(self) -> None:
        """Delete the state; the model is written."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _damage(self, file: Path) -> str | None:
        """Return what is wrong with the bytes of a state or of the epochs that it refers to; None if nothing is.

        Raises UserError if it is undamaged, and the state of another training.
        """
        if not _has_checksum(file, checksum_of(file)):
            return "its checksum differs from the one in its name"
        key, progress = self._header(file)
        if key != self.key:
            raise UserError(f"{file}: the state of a training with other settings or data; delete {self.folder}")
        for epoch, sha256 in progress.saved_epochs.items():
            if not _has_checksum(self.epoch_file(epoch), sha256):
                return f"the checksum of {self.epoch_file(epoch).name} differs from the one that it records"
        return None

    def _header(self, file: Path) -> tuple[dict[str, Any], TrainingProgress]:
        with safe_open(file, framework="pt") as stored:
            header = dict(stored.metadata())
        return json.loads(header["key"]), TrainingProgress.from_json(header["progress"])

    def _read(self, file: Path, learner: Learner) -> TrainingProgress:
        progress = self._header(file)[1]
        try:
            with safe_open(file, framework="pt") as stored:
                learner.load({name: stored.get_tensor(name) for name in stored.keys()})  # noqa: SIM118
        except (RuntimeError, KeyError) as error:
            raise UserError(f"{file}: the state of another version of the code; delete {self.folder}") from error
        say(f"going on after {progress.epoch} epochs and {progress.step} steps, from {file}")
        return progress

    def _remove_old(self, newest: Path) -> None:
        others = [file for file in newest_first(self.folder) if file != newest]
        kept = {newest, *others[: KEPT - 1]}
        kept |= {self.epoch_file(epoch) for file in kept for epoch in self._epochs(file)}
        for file in set(self.folder.glob("*.safetensors")) - kept:
            file.unlink()

    def _epochs(self, file: Path) -> set[int]:
        """Return the epochs that a state refers to."""
        try:
            return set(self._header(file)[1].saved_epochs)
        except Exception:  # a damaged state refers to nothing
            return set()

    def _mention_others(self) -> None:
        others = sorted({str(file.parent) for file in self.folder.parent.glob(f"*/{PATTERN}")})
        if others:
            say(f"starting from the beginning: {', '.join(others)} has a state of other settings or data")


def save_tensors(path: Path, tensors: Mapping[str, Tensor], header: Mapping[str, str]) -> None:
    """Write tensors to a .safetensors file, atomically; the same tensors give the same bytes."""
    with replacing(path) as temporary:
        write_tensors(temporary, tensors, header)


def write_tensors(path: Path, tensors: Mapping[str, Tensor], header: Mapping[str, str]) -> None:
    """Write tensors to a .safetensors file with a header of texts. Raises UserError if it cannot be written."""
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    try:
        save_file(plain, path, metadata=dict(header) or None)
    except SafetensorError as error:
        path.unlink(missing_ok=True)
        raise UserError(f"{path}: cannot be written: {' '.join(str(error).split())}") from error


def _has_checksum(file: Path, start: str) -> bool:
    return bool(start) and file.exists() and sha256_of(file).startswith(start)


def _prefixed(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {prefix + name: tensor for name, tensor in tensors.items()}


def _without_prefix(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
