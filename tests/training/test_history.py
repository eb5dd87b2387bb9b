"""history.csv and the lines of the log."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from robust_dml.training.history import HistoryRow, describe, peak_memory_mb, write_history

ROW = HistoryRow(epoch=2, loss=0.25, bad_steps=1, steps=9, seconds=1.5, images_per_second=600.4, memory_mb=9.0)


def test_columns_and_what_was_not_measured(tmp_path: Path) -> None:
    write_history(tmp_path / "history.csv", [ROW, replace(ROW, epoch=3, recall=0.5)])
    assert (tmp_path / "history.csv").read_text(encoding="utf-8").splitlines() == [
        "epoch,loss,recall@1,adversarial_recall@1,validation_recall@1,bad_steps,steps,seconds,images_per_second,memory_mb",
        "2,0.25,,,,1,9,1.5,600.4,9.0",
        "3,0.25,0.5,,,1,9,1.5,600.4,9.0",
    ]


def test_a_line_of_the_log() -> None:
    line = "epoch 2 of 5: loss 0.2500, 1 of 9 steps without tuples or a finite loss, 600 images/s"
    assert describe(ROW, 5) == line
    row = replace(ROW, recall=0.9, adversarial_recall=0.0, validation_recall=0.8, bad_steps=0, loss=None)
    expected = "epoch 2 of 5: loss none, recall@1 0.900, adversarial 0.000, validation 0.800, 600 images/s"
    assert describe(row, 5) == expected


def test_memory_is_that_of_the_process() -> None:
    block = bytearray(300 * 10**6)
    assert peak_memory_mb("cpu") > len(block) / 1e6
