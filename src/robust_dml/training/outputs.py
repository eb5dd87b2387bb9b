"""What a training leaves: the model that the study names, the other checkpoints, the history, the record."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from robust_dml.config.paths import model_folder
from robust_dml.config.resolve import backbone_of
from robust_dml.runtime.files import replacing, sha256_of, write_json
from robust_dml.runtime.provenance import provenance
from robust_dml.training.history import write_history
from robust_dml.training.setup import Training
from robust_dml.training.state import save_tensors

MODEL = "model.safetensors"


def write_outputs(training: Training) -> None:
    """Write model.safetensors, checkpoints/epoch-*.safetensors, history.csv and run.json, each atomically."""
    folder = model_folder(training.study.name, training.run)
    checkpoints = _write_checkpoints(training, folder)
    history = training.position.history
    write_history(folder / "history.csv", history)
    record = provenance(
        settings=training.settings,
        seed=training.run.seed,
        data_sha256=training.dataset.sha256,
        device=training.device,
    )
    seconds = sum(row["seconds"] for row in history)
    totals = {
        "epochs": len(history),
        "steps": sum(row["steps"] for row in history),
        "bad_steps": sum(row["bad_steps"] for row in history),
        "seconds": round(seconds, 1),
        "memory_mb": max(row["memory_mb"] for row in history),
        "processes": training.processes.count,
    }
    names = {
        "dataset": training.run.dataset,
        "backbone": backbone_of(training.study, training.run)[0],
        "loss": training.run.loss,
        "training": training.run.training,
    }
    chosen = {"checkpoint": training.optimisation.checkpoint, "checkpoints": checkpoints}
    digest = {"model_sha256": sha256_of(folder / MODEL)}
    write_json(folder / "run.json", {**names, **record, **chosen, "totals": totals, **digest})


def _write_checkpoints(training: Training, folder: Path) -> dict[str, Any]:
    """The weights of every choice, once per epoch; where each lies. The study's choice is model.safetensors."""
    last = training.optimisation.epochs
    choices: dict[str, Any] = {**training.position.choices, "last": {"epoch": last}}
    chosen = choices[training.optimisation.checkpoint]["epoch"]
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)
    for epoch in sorted({choice["epoch"] for choice in choices.values()}):
        path = folder / (MODEL if epoch == chosen else f"checkpoints/epoch-{epoch}.safetensors")
        if epoch == last:
            save_tensors(path, training.network.model.state_dict(), {})
        else:
            with replacing(path) as temporary:
                shutil.copyfile(training.state.epoch_file(epoch), temporary)
    files = {epoch: MODEL if epoch == chosen else f"checkpoints/epoch-{epoch}.safetensors" for epoch in range(last + 1)}
    return {name: {**choice, "file": files[choice["epoch"]]} for name, choice in sorted(choices.items())}
