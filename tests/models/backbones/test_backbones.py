"""The records of all backbones: their arithmetic, and that reading them imports no torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from robust_dml.config.training import BackboneConfig
from robust_dml.models import build_model


@pytest.mark.parametrize(
    ("kind", "size"), [("resnet18", 224), ("resnet50", 224), ("visualphishnet", 224), ("convnet", 16), ("convnet", 9)]
)
def test_arithmetic_of_a_forward_pass(kind: str, size: int) -> None:
    config = BackboneConfig(kind=kind, embedding=512 if kind == "visualphishnet" else 128)
    model = build_model(config, seed=0, data_root=Path())
    with FlopCounterMode(display=False) as counted, torch.no_grad():
        model(torch.zeros(1, 3, size, size))
    assert config.record.gflop(config, size) * 1e9 == pytest.approx(counted.get_total_flops(), rel=0.02)


def test_arithmetic_of_another_backbone_is_unknown() -> None:
    config = BackboneConfig(kind="torchvision:vit_b_16")
    assert config.record.gflop(config, 224) is None


def test_reading_a_backbone_of_a_study_imports_no_torch() -> None:
    code = "import sys; from robust_dml.config.training import BackboneConfig as B;"
    code += "[B(kind=k) for k in ('convnet', 'resnet18', 'resnet50', 'visualphishnet', 'torchvision:resnet34')];"
    code += "assert not {'torch', 'torchvision'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
