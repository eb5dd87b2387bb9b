"""Work in blocks: joined in order, not done twice, and done again where a block is damaged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from robust_dml.evaluation.attacked import Attacked
from robust_dml.evaluation.blocks import run_blocks
from robust_dml.evaluation.origin import NOT_STAMPED

POSITIONS = np.array([3, 5, 6, 8, 9, 11, 20])


class Squares:
    """Embeds a position as its square; remembers the batches."""

    def __init__(self) -> None:
        self.seen: list[list[int]] = []

    def __call__(self, positions: np.ndarray) -> Attacked:
        self.seen.append(positions.tolist())
        return Attacked(
            positions=positions,
            embeddings=(positions**2).astype(np.float32)[:, None],
            norm=positions / 100,
            zero_gradient=positions > 8,
            image_positions=positions[positions % 2 == 0],
            images=np.zeros((int((positions % 2 == 0).sum()), 3, 1, 1), dtype=np.uint16),
            origin=NOT_STAMPED,
        )


def run(work: Squares, folder: Path, *, block: int = 4, batch: int = 3) -> Attacked:
    return run_blocks(work, POSITIONS, folder, block=block, batch=batch, title="squares")


def test_blocks_join_in_order_and_are_not_worked_twice(tmp_path: Path) -> None:
    work = Squares()
    for _ in range(2):
        found = run(work, tmp_path)
        assert found.positions.tolist() == POSITIONS.tolist()
        assert found.embeddings[:, 0].tolist() == (POSITIONS**2).tolist()
        assert found.norm.tolist() == (POSITIONS / 100).tolist()
        assert found.zero_gradient.tolist() == (POSITIONS > 8).tolist()
        assert found.image_positions.tolist() == [6, 8, 20] and len(found.images) == 3
    assert work.seen == [[3, 5, 6], [8, 9, 11], [20]]


def test_a_block_is_a_whole_number_of_batches_so_that_its_size_changes_no_batch(tmp_path: Path) -> None:
    seen = []
    for block in (1, 4, 6, 100):
        work = Squares()
        run(work, tmp_path / str(block), block=block)
        seen.append(work.seen)
    assert seen == [seen[0]] * 4
    assert [len(list((tmp_path / str(block)).iterdir())) for block in (1, 4, 6, 100)] == [3, 3, 2, 1]


def test_a_damaged_block_is_worked_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    work = Squares()
    expected = run(work, tmp_path)
    first = min(tmp_path.iterdir())
    first.write_bytes(first.read_bytes()[:50])
    work.seen.clear()
    assert run(work, tmp_path).embeddings.tolist() == expected.embeddings.tolist()
    assert work.seen == [[3, 5, 6]]
    assert "it is computed again" in capsys.readouterr().err


def test_seconds_are_those_of_all_blocks_whichever_job_spent_them(tmp_path: Path) -> None:
    first, second = run(Squares(), tmp_path), run(Squares(), tmp_path)
    assert 0 < first.origin.seconds == second.origin.seconds
