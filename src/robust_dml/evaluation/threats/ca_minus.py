"""CA-, candidate attack: a perturbed item comes last in the ranking of a query that it is near to."""

from __future__ import annotations

from robust_dml.attacks.ranking.poses import pose_candidate
from robust_dml.records import Threat

ENTRY = Threat(
    label="CA-",
    summary="a perturbed item of the gallery is lowered in the ranking of a near query",
    perturbs="gallery",
    metric="rank",
    higher_is_safer=False,
    numbers={"rank": "rank, share of the gallery"},
    pose=lambda asked: pose_candidate(asked, -1),
)
