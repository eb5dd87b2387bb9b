"""The top-1 margin: the attack aims at the decision itself, and its neighbours follow it."""

from __future__ import annotations

from robust_dml.attacks.objectives import margin
from robust_dml.records import Objective

ENTRY = Objective(
    label="margin",
    summary="distance to the nearest positive minus distance to the nearest negative, chosen again at each step",
    build=margin,
    decides=True,
)
