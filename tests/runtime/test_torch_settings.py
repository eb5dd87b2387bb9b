"""torch's global switches are set for a while and restored, also on error."""

from __future__ import annotations

from contextlib import AbstractContextManager

import pytest
import torch

from robust_dml.config.training import BackboneConfig, OptimisationConfig
from robust_dml.runtime.torch_settings import computing_threads, exact_float32, threads_for, training_arithmetic

SMALL, LARGE = BackboneConfig(kind="convnet"), BackboneConfig(kind="resnet18")


def switches() -> tuple[object, ...]:
    cudnn = torch.backends.cudnn
    return (
        torch.get_deterministic_debug_mode(),
        torch.utils.deterministic.fill_uninitialized_memory,  # type: ignore[attr-defined]
        (cudnn.allow_tf32, cudnn.benchmark, cudnn.deterministic, torch.backends.cuda.matmul.allow_tf32),
        torch.get_num_threads(),
    )


@pytest.mark.parametrize(
    "settings",
    [
        exact_float32(),
        training_arithmetic(OptimisationConfig(precision="tf32"), SMALL),
        training_arithmetic(OptimisationConfig(deterministic=False), LARGE),
    ],
)
def test_switches_are_restored_on_error(settings: AbstractContextManager[None]) -> None:
    before = switches()
    with pytest.raises(ZeroDivisionError), settings:
        raise ZeroDivisionError
    assert switches() == before


def test_training_is_deterministic_and_in_full_precision_unless_the_study_says_otherwise() -> None:
    with training_arithmetic(OptimisationConfig(), SMALL):
        assert torch.get_deterministic_debug_mode() == 2
        assert not torch.backends.cuda.matmul.allow_tf32 and not torch.backends.cudnn.allow_tf32
    with training_arithmetic(OptimisationConfig(precision="tf32", deterministic=False), SMALL):
        assert torch.get_deterministic_debug_mode() == 0
        assert torch.backends.cuda.matmul.allow_tf32 and torch.backends.cudnn.benchmark


def test_exact_float32_forbids_tf32() -> None:
    with training_arithmetic(OptimisationConfig(precision="tf32"), SMALL), exact_float32():
        assert not torch.backends.cuda.matmul.allow_tf32 and not torch.backends.cudnn.allow_tf32


def test_small_networks_compute_on_one_thread() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        assert (threads_for(SMALL), threads_for(LARGE)) == (1, 2)
        with computing_threads(SMALL):
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
