"""TMA, targeted mismatch: a perturbed query is embedded like a random item (Tolias et al., ICCV 2019)."""

from __future__ import annotations

from robust_dml.attacks.ranking.poses import pose_mismatch
from robust_dml.records import Threat

ENTRY = Threat(
    label="TMA",
    summary="a perturbed query is embedded like a random item",
    perturbs="queries",
    metric="cosine",
    higher_is_safer=False,
    numbers={"cosine": "cosine to the target"},
    pose=pose_mismatch,
)
