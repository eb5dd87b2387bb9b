"""Two processes do what one does: loss, gradient, and the weights of a whole training."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from robust_dml.config import Run, load_study
from robust_dml.config.training import OptimisationConfig
from robust_dml.models import EmbeddingModel
from robust_dml.runtime.errors import UserError
from robust_dml.training import train
from robust_dml.training.distributed import Processes
from robust_dml.training.forward import ForwardPasses, require_frozen
from training.conftest import MakeStudy
from training.one_step import one_step, slots

HERE = Path(__file__).parent
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
RELATIVE = {"rtol": 1e-6, "atol": 0.0}


def torchrun(*arguments: str | Path) -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([*TORCHRUN, *map(str, arguments)], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr


def test_loss_and_gradient(tmp_path: Path) -> None:
    torchrun(HERE / "one_step.py", tmp_path / "two.pt")
    two = torch.load(tmp_path / "two.pt", weights_only=True)
    torch.testing.assert_close(two.pop("slots"), slots(Processes()), rtol=0, atol=1e-12)
    assert len(two) == 8
    for name, (loss, gradient) in two.items():
        expected_loss, expected_gradient = one_step(*name.split("-"), Processes())
        torch.testing.assert_close(loss, expected_loss, **RELATIVE)
        torch.testing.assert_close(gradient, expected_gradient, rtol=1e-6, atol=1e-12)


def test_weights_after_training(make_study: MakeStudy, run: Run) -> None:
    study_file = make_study(optimisation={"epochs": 2, "validate_every": 2})
    study = load_study(study_file)
    model = Path("results") / study.name / "models" / run.path / "model.safetensors"
    names = ["--dataset", run.dataset, "--loss", run.loss, "--training", run.training, "--seed", str(run.seed)]
    torchrun("-m", "robust_dml", "train", study_file, *names)
    two = load_file(model)
    model.unlink()
    train(study, run)
    one = load_file(model)
    assert one.keys() == two.keys()
    alone, together = (torch.cat([w[name].double().flatten() for name in one]) for w in (one, two))
    assert (together - alone).norm() / alone.norm() < 1e-6


@pytest.mark.parametrize("total", [0, 1, 7, 112])
def test_shares_cover_everything_once(total: int) -> None:
    rows = [list(range(total))[Processes(rank, 3).share(total)] for rank in range(3)]
    assert [row for share in rows for row in share] == list(range(total))
    assert max(map(len, rows)) - min(map(len, rows)) <= 1


def test_live_batchnorm_is_refused() -> None:
    model = EmbeddingModel(nn.Sequential(nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2), nn.AdaptiveAvgPool2d(1), nn.Flatten()))
    live = ForwardPasses(model, OptimisationConfig(), freeze_batchnorm=False)
    require_frozen(live, 1)
    with pytest.raises(UserError, match="freeze_batchnorm"):
        require_frozen(live, 2)
    require_frozen(ForwardPasses(model, OptimisationConfig(), freeze_batchnorm=True), 2)
    assert torch.is_tensor(live.embed(torch.rand(2, 3, 8, 8)))
