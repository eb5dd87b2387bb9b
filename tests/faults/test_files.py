"""Mutated files through every reader, as many as fit into seconds; `python -m tests.faults files` tries thousands."""

from __future__ import annotations

from pathlib import Path

from faults.files import GOOD, fuzz, readers

COUNT = 20


def test_a_mutated_file_is_refused_in_one_line_or_read_as_what_it_says(damaged: Path) -> None:
    mistakes = {}
    for reader in readers(damaged):
        found = fuzz(reader, COUNT, seed=0)
        assert found.total() == COUNT
        mistakes |= {(reader.name, outcome): count for outcome, count in found.items() if outcome not in GOOD}
    assert mistakes == {}
