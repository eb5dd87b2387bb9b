"""The row of training methods."""

from __future__ import annotations

import math

import pytest
from benchmarks.rows import defences


def test_every_method_that_trains_has_a_row() -> None:
    assert {"act", "ca-tride", "est", "fare", "hm", "joint", "robust"} <= set(defences.methods())
    assert not {"natural", "untrained"} & set(defences.methods())
    assert set(defences.QUICK) <= set(defences.methods())


@pytest.mark.parametrize("method", ["natural", "hm"])
def test_a_step_is_one_of_the_training_loop(method: str) -> None:
    loss = defences.step(method)()
    assert math.isfinite(loss)
