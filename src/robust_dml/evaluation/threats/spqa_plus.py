"""SPQA+, QA+ that keeps the first five items of the clean ranking at the top."""

from __future__ import annotations

from robust_dml.attacks.ranking.poses import pose_preserving
from robust_dml.records import Threat

ENTRY = Threat(
    label="SPQA+",
    summary="a random item is raised in the ranking of a perturbed query, whose first items stay",
    perturbs="queries",
    metric="rank",
    higher_is_safer=True,
    numbers={"rank": "rank, share of the gallery", "kept-rank": "rank of the kept items"},
    pose=lambda asked: pose_preserving(asked, 1),
)
