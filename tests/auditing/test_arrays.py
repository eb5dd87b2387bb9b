"""`robust_dml.audit`: images of a program."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import robust_dml
from robust_dml.auditing.arrays import eight_bits
from robust_dml.runtime.errors import UserError


def test_arrays_of_a_program_give_the_numbers_of_their_ids(folder: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (12, 3, 8, 8), dtype=np.uint8)
    labels, ids = np.arange(12) % 3, np.arange(12)[::-1].copy()
    options = {"radii": [2 / 255], "device": "cpu"}
    first = robust_dml.audit(torch.nn.Flatten(), images, labels, ids=ids, out="first", **options)
    order = np.argsort(ids)
    floats = torch.from_numpy(images[order]) / 255
    second = robust_dml.audit(torch.nn.Flatten(), floats, torch.from_numpy(labels[order]), out="second", **options)
    assert first.seeds == second.seeds and first.labels == second.labels
    assert first.model.embedding == 192


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images": torch.zeros(4, 3, 8, 9)}, "square"),
        ({"images": 2 * torch.ones(4, 3, 8, 8)}, r"floats in \[0, 1\]"),
        ({"labels": [0, 1]}, "labels: expected 4 whole numbers"),
        ({"labels": [0.5, 0, 1, 1]}, "labels: expected 4 whole numbers"),
        ({"ids": [0, 0, 1, 2]}, "ids: expected a different one"),
    ],
)
def test_arrays_that_are_wrong_are_one_line(changes: dict[str, object], message: str, folder: Path) -> None:
    arguments = {"images": torch.zeros(4, 3, 8, 8), "labels": [0, 0, 1, 1], **changes}
    with pytest.raises(UserError, match=message):
        robust_dml.audit(torch.nn.Flatten(), **arguments)


def test_pixels_between_two_levels_are_rounded_and_said(capsys: pytest.CaptureFixture[str]) -> None:
    images = torch.full((1, 3, 2, 2), 100.4 / 255)
    assert (eight_bits(images) == 100).all()
    assert "kept with 8 bits, which moves pixels by up to 0.0016" in capsys.readouterr().err
