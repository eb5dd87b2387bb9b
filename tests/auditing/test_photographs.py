"""An ImageNet network on photographs: epsilon is in pixels, memory is flat in the queries, a kill costs nothing.

ResNet18 with random weights at 224 pixels, its mean and standard deviation inside, one query at a time. A step decides
none of this, so the protocol has one member of one step.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from auditing.photographs import make_photographs
from auditing.test_audit import same_bytes
from robust_dml.attacks.optimisers import standard_v1
from robust_dml.auditing import audit
from robust_dml.cli.main import main
from robust_dml.evaluation import standard

pytestmark = pytest.mark.slow
RADIUS = 8 / 255
FEW, MANY = 4, 6
PER_QUERY = 20e6  # bytes; the graph of one photograph takes more than twice that
ENCODER = """
from functools import cache

import torch
from torch import nn
from torchvision.models import resnet18

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Normalised(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.network = resnet18(weights=None)
        self.register_buffer("mean", torch.tensor(MEAN).view(3, 1, 1))
        self.register_buffer("std", torch.tensor(STD).view(3, 1, 1))

    def forward(self, images):
        return self.network((images - self.mean) / self.std)


@cache
def build():
    return Normalised()
"""
STUDY = """
name: photographs
device: cpu
datasets:
  few: &photographs {kind: folder, folder: few, split: none, transform: {size: 224, resize: 256}, backbone: pixels}
  many: {<<: *photographs, folder: many}
backbones: {pixels: {kind: pixels}}
models: {pixels: {backbone: pixels}}
losses: {}
trainings: {}
attacks: {standard: {}}
evaluation: {batch: 1, block: 1, check_queries: 1}
"""
# A process that has imported torch is forked for each audit: importing takes longer than an audit.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["torch", "torchvision", "auditing.test_photographs"])


@dataclass(frozen=True)
class Audited:
    """A folder with two finished audits, `few` and `many`, and the largest memory of each, in bytes."""

    folder: Path
    few: int
    many: int


def start_audit(folder: Path, photos: str, out: str) -> multiprocessing.process.BaseProcess:
    """Start a process that audits the encoder by a protocol of one step, without tables and page."""
    process = FORKS.Process(target=_audit, args=(folder, photos, out))
    process.start()
    return process


def _audit(folder: Path, photos: str, out: str) -> None:
    os.chdir(folder)
    torch.set_num_threads(1)
    one = [standard_v1.Member("pgd-positive", "pgd", "repel-positive", {"steps": 1})]
    with (
        Path(f"{out}.log").open("a") as log,
        redirect_stdout(log),
        redirect_stderr(log),
        pytest.MonkeyPatch.context() as patch,
    ):
        for module in (standard, standard_v1):
            patch.setattr(module, "MEMBERS", one)
            patch.setattr(module, "doubled_members", lambda: one)
        patch.setattr(standard, "MOST_ROUNDS", 0)
        patch.setattr(audit, "write_report", lambda study: None)
        status = main(["audit", "encoder:build", photos, "--out", out, "--radii", "8/255"])
    Path(f"{out}.peak").write_text(str(1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))
    sys.exit(status)


def finish_audit(folder: Path, photos: str, out: str) -> int:
    """Audit to the end and return the largest memory of the process, in bytes."""
    process = start_audit(folder, photos, out)
    process.join()
    assert process.exitcode == 0, (folder / f"{out}.log").read_text()
    return int((folder / f"{out}.peak").read_text())


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Audited:
    folder = tmp_path_factory.mktemp("photographs")
    (folder / "encoder.py").write_text(ENCODER)
    (folder / "study.yaml").write_text(STUDY)
    make_photographs(folder / "few", classes=2, images=FEW // 2, side=300)
    make_photographs(folder / "many", classes=2, images=MANY // 2, side=300)
    peaks = [finish_audit(folder, f"study.yaml:{name}", name) for name in ("few", "many")]
    return Audited(folder, *peaks)


def test_epsilon_is_in_pixels_before_the_normalisation(audited: Audited) -> None:
    (path,) = audited.folder.glob("few/attacks/**/examples.npz")
    with np.load(path) as examples:
        clean, attacked = examples["clean"] / 255, examples["adversarial"].astype(float)
    assert clean.shape[1:] == (3, 224, 224)
    assert attacked.min() >= 0 and attacked.max() <= 1
    changes = np.abs(attacked - clean)
    assert changes.max() == pytest.approx(RADIUS, abs=1e-4)
    assert np.mean(changes > 0.9 * RADIUS) > 0.5  # not RADIUS times the standard deviation


def test_memory_does_not_grow_with_the_queries(audited: Audited) -> None:
    assert audited.many - audited.few < (MANY - FEW) * PER_QUERY


def test_a_kill_and_a_second_call_end_in_the_same_bytes(audited: Audited) -> None:
    folder = audited.folder
    process = start_audit(folder, "study.yaml:few", "killed")
    while process.is_alive() and not list(folder.glob("killed/state/attack/**/block-*.npz")):
        time.sleep(0.02)
    process.kill()
    process.join()
    assert process.exitcode == -signal.SIGKILL and not (folder / "killed/card.json").exists()
    finish_audit(folder, "study.yaml:few", "killed")
    same_bytes(folder / "few", folder / "killed")
