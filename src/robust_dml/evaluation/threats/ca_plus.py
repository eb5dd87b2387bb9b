"""CA+, candidate attack: a perturbed item comes first in the ranking of another query."""

from __future__ import annotations

from robust_dml.attacks.ranking.poses import pose_candidate
from robust_dml.records import Threat

ENTRY = Threat(
    label="CA+",
    summary="a perturbed item of the gallery is raised in the ranking of a random query",
    perturbs="gallery",
    metric="rank",
    higher_is_safer=True,
    numbers={"rank": "rank, share of the gallery"},
    pose=lambda asked: pose_candidate(asked, 1),
)
