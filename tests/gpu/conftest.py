"""Tests that a GPU must pass; without one they run on the CPU, which proves their paths. `make gpu` runs them."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import torch

from robust_dml.runtime.torch_settings import exact_float32
from training.conftest import STUDY, make_study, prepared_data

__all__ = ["STUDY", "make_study", "prepared_data"]


@pytest.fixture(scope="session")
def device() -> str:
    """The device of `make gpu`, else the GPU where there is one."""
    return os.environ.get("ROBUST_DML_DEVICE") or ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.fixture
def exact() -> Iterator[None]:
    """Full float32, without TF32."""
    with exact_float32():
        yield
