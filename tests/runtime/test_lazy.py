"""torch is loaded at its first use, and not before."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
from robust_dml.runtime.lazy import Tensor, torch
assert "torch" not in sys.modules
assert torch.ones(2).sum().item() == 2
import torch as real
assert torch.Tensor is real.Tensor and torch.inf == real.inf
"""


def test_torch_is_loaded_at_its_first_use() -> None:
    subprocess.run([sys.executable, "-c", CODE], check=True)
