"""QA-, query attack: a near candidate comes last in the ranking of a perturbed query."""

from __future__ import annotations

from robust_dml.attacks.ranking.poses import pose_query
from robust_dml.records import Threat

ENTRY = Threat(
    label="QA-",
    summary="a near item is lowered in the ranking of a perturbed query",
    perturbs="queries",
    metric="rank",
    higher_is_safer=False,
    numbers={"rank": "rank, share of the gallery"},
    pose=lambda asked: pose_query(asked, -1),
)
