"""Trainings that ended without a usable model."""

from __future__ import annotations

import pytest
import torch

from robust_dml.training.divergence import collapsed, diverged, relative_spread, warnings_of
from robust_dml.training.history import HistoryRow


def history(*losses: float | None) -> list[HistoryRow]:
    same = {"bad_steps": 0, "steps": 1, "seconds": 1.0, "images_per_second": 1.0, "memory_mb": 1.0}
    return [HistoryRow(epoch=epoch, loss=loss, **same) for epoch, loss in enumerate(losses, 1)]  # type: ignore[arg-type]


def test_spread_does_not_depend_on_the_scale() -> None:
    embeddings = torch.randn(20, 3, generator=torch.Generator().manual_seed(0))
    assert relative_spread(embeddings) == pytest.approx(relative_spread(100 * embeddings))
    assert relative_spread(torch.tensor([[1.0, 0.0], [-1.0, 0.0]])) == pytest.approx(1)
    assert relative_spread(torch.ones(4, 2)) == relative_spread(torch.zeros(4, 2)) == 0


def test_embeddings_that_are_nearly_one_point_have_collapsed() -> None:
    nearly = torch.ones(50, 4) + 1e-4 * torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    assert collapsed(relative_spread(nearly))
    assert not collapsed(relative_spread(torch.eye(4)))
    assert not collapsed(None)


@pytest.mark.parametrize(
    ("losses", "expected"),
    [((0.3, 0.2), False), ((0.3, 2.9), False), ((0.3, 3.1), True), ((0.3, None), True), ((None, 5.0), False)],
)
def test_a_loss_ten_times_the_first_has_diverged(losses: tuple[float | None, ...], expected: bool) -> None:
    assert diverged(history(*losses)) is expected
    assert len(warnings_of(history(*losses), 0.5)) == expected


def test_each_warning_is_one_line() -> None:
    assert [line.count("\n") for line in warnings_of(history(0.1, 4.0), 0.0)] == [0, 0]
