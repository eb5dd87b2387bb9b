"""A run that is killed goes on after at most `snakemake --unlock`, and ends in the bytes of an undisturbed one."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from faults.kills import killed, undisturbed

pytestmark = pytest.mark.slow


def test_kills_at_random_moments_change_no_byte(tmp_path: Path) -> None:
    expected = undisturbed(tmp_path / "undisturbed", "models")
    outcome = killed(tmp_path / "killed", random.Random(5), 2, "models", longest=10.0)
    assert outcome.kills and not outcome.mistakes
    assert outcome.contents == expected
