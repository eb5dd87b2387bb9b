"""The standard protocol with fewer steps, for tests that its strength does not decide."""

from __future__ import annotations

import pytest

from robust_dml.attacks.optimisers import standard_v1
from robust_dml.evaluation import standard


def shortened(monkeypatch: pytest.MonkeyPatch, **steps: int) -> None:
    """Give members of the protocol fewer steps, by their optimiser: what decides a test is not how many there are."""
    members = tuple(
        standard_v1.Member(m.name, m.optimiser, m.objective, {"steps": steps[m.optimiser]}, m.of_source)
        if m.optimiser in steps
        else m
        for m in standard_v1.MEMBERS
    )
    monkeypatch.setattr(standard_v1, "MEMBERS", members)
    monkeypatch.setattr(standard, "MEMBERS", members)
