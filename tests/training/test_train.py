"""A whole training: what it leaves, what it repeats to the bit, how it stops."""

from __future__ import annotations

import csv
import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from robust_dml.config import Run, Study, load_study
from robust_dml.config.resolve import freeze_batchnorm_of
from robust_dml.miners.library import LibraryMiner
from robust_dml.models import EmbeddingModel, load_model
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.files import sha256_of
from robust_dml.training import train
from robust_dml.training.forward import ForwardPasses
from robust_dml.training.history import COLUMNS
from robust_dml.training.setup import Training
from robust_dml.training.step import TrainingStep
from training.conftest import MakeStudy


def folder_of(study: Study, run: Run) -> Path:
    return Path("results") / study.name / "models" / run.path


def history_of(study: Study, run: Run) -> list[dict[str, str]]:
    with (folder_of(study, run) / "history.csv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_outputs(study: Study, run: Run) -> None:
    train(study, run)
    rows = history_of(study, run)
    assert tuple(rows[0]) == COLUMNS
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    for row in rows:
        assert 0 < float(row["adversarial_recall@1"]) <= float(row["recall@1"]) <= 1
        assert 0 < float(row["validation_recall@1"]) <= 1
        assert math.isfinite(float(row["loss"]))
        assert int(row["bad_steps"]) == 0
        assert float(row["images_per_second"]) > 0
        assert float(row["memory_mb"]) > 100
    record = json.loads((folder_of(study, run) / "run.json").read_text(encoding="utf-8"))
    assert record["model_sha256"] == sha256_of(folder_of(study, run) / "model.safetensors")
    assert record["checkpoint"] == "last"
    assert record["checkpoints"]["last"] == {"epoch": 3, "file": "model.safetensors"}
    assert record["totals"]["epochs"] == 3
    assert (record["dataset"], record["backbone"], record["training"]) == ("digits", "small", "robust")
    assert not record["collapsed"] and not record["diverged"]
    load_model(folder_of(study, run) / "model.safetensors", study.backbones["small"])
    assert not list(Path("state").rglob("*.safetensors"))


def test_same_seed_same_bytes_and_another_seed_others(study: Study) -> None:
    hashes = []
    for seed in (0, 0, 1):
        run = Run("digits", "contrastive", "robust", seed)
        train(study, run)
        hashes.append(sha256_of(folder_of(study, run) / "model.safetensors"))
    assert hashes[0] == hashes[1] != hashes[2]


@pytest.mark.parametrize("method", ["natural", "joint", "visualphishnet"])
def test_every_method_learns(study: Study, method: str) -> None:
    run = Run("digits", "triplet", method, 0)
    train(study, run)
    before = load_study_initial_recall(study, run)
    assert float(history_of(study, run)[-1]["recall@1"]) > before


def load_study_initial_recall(study: Study, run: Run) -> float:
    """Recall@1 of the untrained model."""
    training = Training(study, run)
    return training.test.recall(training.forward.exact())


@pytest.mark.parametrize(
    ("checkpoint", "column"),
    [("best-clean", "recall@1"), ("best-adversarial", "adversarial_recall@1"), ("validation", "validation_recall@1")],
)
def test_checkpoint_choices(make_study: MakeStudy, run: Run, checkpoint: str, column: str) -> None:
    study = load_study(make_study(optimisation={"checkpoint": checkpoint, "epochs": 5}))
    train(study, run)
    scores = [float(row[column]) for row in history_of(study, run)]
    best = 1 + scores.index(max(scores))
    record = json.loads((folder_of(study, run) / "run.json").read_text(encoding="utf-8"))
    assert record["checkpoints"][checkpoint] == {"epoch": best, "score": max(scores), "file": "model.safetensors"}
    shorter = load_study(make_study(optimisation={"checkpoint": "last", "epochs": best}))
    chosen = sha256_of(folder_of(study, run) / "model.safetensors")
    for choice in record["checkpoints"].values():
        assert (folder_of(study, run) / choice["file"]).exists()
    train(shorter, run)
    assert sha256_of(folder_of(shorter, run) / "model.safetensors") == chosen


def test_validation_only_when_asked_for_and_after_the_last_epoch(make_study: MakeStudy, run: Run) -> None:
    study = load_study(make_study(optimisation={"validate_every": 2}))
    train(study, run)
    assert [row["recall@1"] != "" for row in history_of(study, run)] == [False, True, True]


def test_a_training_without_tuples_stops(make_study: MakeStudy, run: Run) -> None:
    nothing = {"kind": "distance-weighted", "cutoff": 0.5, "nonzero_loss_cutoff": 0.5}
    study = load_study(make_study(miner=nothing))
    with pytest.raises(UserError, match="had no tuple or no finite loss"):
        train(study, run)


def test_bad_steps_are_left_out_and_counted(make_study: MakeStudy, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    loss_of = TrainingStep.loss

    def nan_at_first(step: TrainingStep, *arguments: Any) -> Tensor:
        return loss_of(step, *arguments) * (torch.nan if step.number == 0 else 1)

    monkeypatch.setattr(TrainingStep, "loss", nan_at_first)
    study = load_study(make_study())
    train(study, run)
    rows = history_of(study, run)
    assert all(row["bad_steps"] == "1" and int(row["steps"]) > 1 for row in rows)
    model = load_model(folder_of(study, run) / "model.safetensors", study.backbones["small"])
    assert all(parameter.isfinite().all() for parameter in model.parameters())


def test_workers_change_nothing(make_study: MakeStudy, run: Run) -> None:
    hashes = []
    for workers in (0, 2):
        study = load_study(make_study(optimisation={"workers": workers, "epochs": 1}))
        train(study, run)
        hashes.append(sha256_of(folder_of(study, run) / "model.safetensors"))
    assert hashes[0] == hashes[1]


@pytest.mark.parametrize("precision", ["tf32", "bf16"])
def test_precisions_train(make_study: MakeStudy, run: Run, precision: str) -> None:
    study = load_study(make_study(optimisation={"precision": precision, "epochs": 2}))
    train(study, run)
    model = load_model(folder_of(study, run) / "model.safetensors", study.backbones["small"])
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    assert float(history_of(study, run)[-1]["recall@1"]) > 0.3


def test_the_miner_and_batchnorm_of_a_training_replace_those_of_the_study(make_study: MakeStudy, run: Run) -> None:
    own = {"method": "natural", "miner": {"kind": "TripletMarginMiner", "margin": 0.3}, "freeze_batchnorm": False}
    study = load_study(make_study(trainings={"robust": own}))
    training = Training(study, run)
    assert isinstance(training.miner, LibraryMiner)
    layers = [nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    model = EmbeddingModel(nn.Sequential(*layers))
    frozen = freeze_batchnorm_of(study, run)
    assert not ForwardPasses(model, training.optimisation, freeze_batchnorm=frozen).independent


def test_a_model_whose_embeddings_are_one_point_is_marked(
    make_study: MakeStudy, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    own = {"method": "training.own_methods:one_point", "weight": 2.0}
    study = load_study(make_study(trainings={"robust": own}, optimisation={"learning_rate": 0.01, "epochs": 20}))
    train(study, run)
    record = json.loads((folder_of(study, run) / "run.json").read_text(encoding="utf-8"))
    assert record["collapsed"]
    assert "the embeddings of all test images are nearly equal" in capsys.readouterr().err


def test_the_same_bytes_whatever_number_of_threads_the_job_has(make_study: MakeStudy, run: Run) -> None:
    study_file = make_study(optimisation={"epochs": 1}, backbones={"small": {"kind": "convnet", "widths": [64, 64]}})
    study = load_study(study_file)
    hashes = set()
    for threads in ("1", "2"):
        names = ["--dataset", run.dataset, "--loss", run.loss, "--training", run.training, "--seed", str(run.seed)]
        command = [sys.executable, "-m", "robust_dml", "train", str(study_file), *names]
        subprocess.run(command, check=True, capture_output=True, env={**os.environ, "OMP_NUM_THREADS": threads})
        hashes.add(sha256_of(folder_of(study, run) / "model.safetensors"))
    assert len(hashes) == 1
