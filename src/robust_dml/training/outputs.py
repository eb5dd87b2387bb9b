"""Write the outputs of a training: the model, the other checkpoints, the history, the record."""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from robust_dml.config.digests import training_digest
from robust_dml.config.paths import model_folder
from robust_dml.config.resolve import backbone_of
from robust_dml.runtime.files import replacing, sha256_of
from robust_dml.runtime.progress import say
from robust_dml.runtime.provenance import provenance
from robust_dml.runtime.sealed import write_sealed
from robust_dml.training.divergence import collapsed, diverged, largest_weight, warnings_of
from robust_dml.training.history import HistoryRow, write_history
from robust_dml.training.setup import Training
from robust_dml.training.state import save_tensors

MODEL = "model.safetensors"


@dataclass(frozen=True)
class Checkpoint:
    """The epoch of a choice, its score (none for the last epoch), and its file beside run.json."""

    epoch: int
    file: str
    score: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Return what is stated, by name."""
        return {key: value for key, value in asdict(self).items() if value is not None}


@dataclass(frozen=True)
class Totals:
    """Sums over the epochs of a training, and its peak memory."""

    epochs: int
    steps: int
    bad_steps: int
    seconds: float
    memory_mb: float
    processes: int


@dataclass(frozen=True)
class RunRecord:
    """run.json: how a model was made; the fields of `provenance` are at its top level."""

    dataset: str
    backbone: str
    loss: str
    training: str
    digest: str
    """That of the settings and code that shape the model."""
    provenance: dict[str, Any]
    checkpoint: str
    checkpoints: dict[str, Checkpoint]
    totals: Totals
    collapsed: bool
    """Whether the embeddings of all test images are nearly equal."""
    diverged: bool
    """Whether the loss or a weight has grown without bound."""
    model_sha256: str
    history_sha256: str

    def as_json(self) -> dict[str, Any]:
        """Return the content of run.json."""
        fields = {**asdict(self), "checkpoints": {name: at.as_json() for name, at in self.checkpoints.items()}}
        own = fields.pop("provenance")
        return {**fields, **own}


def write_outputs(training: Training) -> None:
    """Write model.safetensors, checkpoints/epoch-*.safetensors, history.csv and run.json, each atomically.

    Raises UserError if the saved weights of a chosen epoch are damaged.
    """
    folder = model_folder(training.study.name, training.run)
    checkpoints = _write_checkpoints(training, folder)
    history, spread = training.progress.history, training.progress.spread
    write_history(folder / "history.csv", history)
    weight = largest_weight(training.parameters().values())
    for warning in warnings_of(history, spread, weight):
        say(f"warning: {training.run.path}: {warning}")
    record = RunRecord(
        dataset=training.run.dataset,
        backbone=backbone_of(training.study, training.run)[0],
        loss=training.run.loss,
        training=training.run.training,
        digest=training_digest(training.study, training.run),
        provenance=_provenance(training),
        checkpoint=training.optimisation.checkpoint,
        checkpoints=checkpoints,
        totals=_totals(history, training.processes.count),
        collapsed=collapsed(spread),
        diverged=diverged(history, weight),
        model_sha256=sha256_of(folder / MODEL),
        history_sha256=sha256_of(folder / "history.csv"),
    )
    write_sealed(folder / "run.json", record.as_json())


def _provenance(training: Training) -> dict[str, Any]:
    return provenance(
        settings=training.settings,
        seed=training.run.seed,
        data_sha256=training.dataset.sha256,
        device=training.device,
    )


def _totals(history: list[HistoryRow], processes: int) -> Totals:
    return Totals(
        epochs=len(history),
        steps=sum(row.steps for row in history),
        bad_steps=sum(row.bad_steps for row in history),
        seconds=round(sum(row.seconds for row in history), 1),
        memory_mb=max(row.memory_mb for row in history),
        processes=processes,
    )


def _write_checkpoints(training: Training, folder: Path) -> dict[str, Checkpoint]:
    """Write the weights of every choice, once per epoch; the choice of the study is model.safetensors."""
    last = training.optimisation.epochs
    choices: dict[str, tuple[int, float | None]] = {"last": (last, None)}
    choices |= {name: (choice.epoch, choice.score) for name, choice in training.progress.choices.items()}
    chosen = choices[training.optimisation.checkpoint][0]
    epochs = {epoch for epoch, _ in choices.values()}
    files = {epoch: MODEL if epoch == chosen else f"checkpoints/epoch-{epoch}.safetensors" for epoch in sorted(epochs)}
    saved = {epoch: _saved(training, epoch) for epoch in files if epoch != last}
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)
    for epoch, file in files.items():
        if epoch == last:
            save_tensors(folder / file, training.published.model.state_dict(), {})
        else:
            with replacing(folder / file) as temporary:
                shutil.copyfile(saved[epoch], temporary)
    return {name: Checkpoint(epoch, files[epoch], score) for name, (epoch, score) in sorted(choices.items())}


def _saved(training: Training, epoch: int) -> Path:
    return training.state.require_undamaged(epoch, training.progress)
