"""Towards one wrong class, such as `wrong-class:2` for the second nearest of the clean query.

The nearest positive and the nearest item of that class are chosen again at each step.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from robust_dml.attacks.objectives import Objective as Function
from robust_dml.attacks.objectives import targeted_margin
from robust_dml.records import Objective
from robust_dml.runtime.errors import UserError

if TYPE_CHECKING:
    from robust_dml.retrieval.items import Items


def _build(queries: Items, gallery: Items, *, rank: int) -> Function:
    return targeted_margin(queries, gallery, rank)


def find(rank: str) -> Objective:
    """Return the objective towards the `rank`-th nearest wrong class. Raises UserError if that is no number from 1."""
    if not rank.isascii() or not rank.isdigit() or int(rank) < 1:
        raise UserError(f"objective wrong-class:{rank}: expected a number from 1, such as wrong-class:1")
    return Objective(
        label=f"wrong class {rank}",
        summary="distance to the nearest positive minus distance to one of the nearest wrong classes",
        build=partial(_build, rank=int(rank)),
    )


ENTRY = find("1")
