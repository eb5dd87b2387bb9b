"""A network of torchvision at 224 pixels with its mean and deviation inside; memory does not grow with the queries."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from auditing.photographs import make_photographs
from checkout import ROOT
from robust_dml.cards.card import read_card
from robust_dml.cli.main import main

RESNET = """
import torch
from torch import nn
from torchvision.models import resnet18

class Normalised(nn.Module):
    def __init__(self, network):
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.tensor((0.485, 0.456, 0.406)).view(3, 1, 1))
        self.register_buffer("std", torch.tensor((0.229, 0.224, 0.225)).view(3, 1, 1))

    def forward(self, images):
        assert images.shape[1:] == (3, 224, 224) and 0 <= float(images.min()) and float(images.max()) <= 1
        return self.network((images - self.mean) / self.std)

def build():
    network = resnet18(weights=None)
    network.fc = nn.Identity()
    return Normalised(network)
"""
# Prints the growth of the peak memory over an audit after a first one, which has loaded all libraries, in MB.
MEMORY = """
import resource, sys
from robust_dml.cli.main import main

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000

def audit(images):
    options = ["--size", "64", "--radii", "8/255", "--device", "cpu", "--batch", "16"]
    assert main(["audit", "encoders:short", images, "--out", f"audit-{images}", *options]) == 0

audit("few")
before = peak()
audit("many")
print(peak() - before)
"""


@pytest.mark.slow
def test_a_resnet_at_224_pixels(folder: Path) -> None:
    (folder / "resnet.py").write_text(RESNET)
    make_photographs(folder / "large", classes=3, images=2, side=280)
    options = ["--radii", "8/255", "--device", "cpu", "--batch", "6"]
    assert main(["audit", "resnet:build", "large", "--out", "audit", *options]) == 0
    card = read_card(Path("audit/card.json"))
    assert (card.data.size, card.data.queries, card.model.embedding) == (224, 6, 512)
    (stored,) = Path("audit").glob("attacks/**/examples.npz")
    with np.load(stored) as examples:
        change = np.abs(examples["adversarial"] - examples["clean"] / np.float32(255)).reshape(6, -1).max(1)
    assert change.max() == pytest.approx(8 / 255, abs=1e-4)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_queries(folder: Path) -> None:
    make_photographs(folder / "few", classes=4, images=4, side=64)
    make_photographs(folder / "many", classes=4, images=100, side=64)
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{folder}"}
    ended = subprocess.run([sys.executable, "-c", MEMORY], env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr[-2000:]
    all_pixels = 400 * 3 * 64 * 64 * 4 / 1e6  # of the many, as floats, in MB
    assert float(ended.stdout.splitlines()[-1]) < 2 * all_pixels
