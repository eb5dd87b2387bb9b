"""Two processes over NCCL end in the weights of one; tests/training/test_distributed.py does it on CPUs over gloo."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from training.conftest import MakeStudy

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node"]
NAMES = ["--dataset", "digits", "--loss", "triplet", "--training", "robust", "--seed", "0"]


def weights_of(study_file: Path, processes: int, locks: Path) -> torch.Tensor:
    """The weights after a training by some processes, which find GPUs that this process may hold free."""
    text = study_file.read_text(encoding="utf-8").replace("device: cpu", "device: cuda")
    study_file.write_text(text, encoding="utf-8")
    locks.mkdir()
    command = [*TORCHRUN, str(processes), "-m", "robust_dml", "train", str(study_file), *NAMES]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "TMPDIR": str(locks)})
    assert done.returncode == 0, done.stderr
    path = Path("results/tiny/models/digits/triplet/robust/seed0/model.safetensors")
    state = load_file(path)
    path.unlink()
    return torch.cat([state[name].double().flatten() for name in sorted(state)])


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="needs two GPUs; over gloo in test_distributed.py")
def test_weights_after_training(make_study: MakeStudy, tmp_path: Path) -> None:
    study_file = make_study(optimisation={"epochs": 2, "validate_every": 2})
    alone = weights_of(study_file, 1, tmp_path / "one")
    together = weights_of(study_file, 2, tmp_path / "two")
    assert (together - alone).norm() / alone.norm() < 1e-4
