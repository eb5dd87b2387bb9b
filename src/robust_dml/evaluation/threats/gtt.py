"""GTT, greedy top-1 translocation: the clean first item leaves the top 4 (CVPR 2022)."""

from __future__ import annotations

from robust_dml.attacks.ranking.poses import pose_dethrone
from robust_dml.records import Threat

ENTRY = Threat(
    label="GTT",
    summary="the clean first item of a perturbed query leaves the top 4",
    perturbs="queries",
    metric="retain@4",
    higher_is_safer=True,
    numbers={"retain@4": "first item still in the top 4"},
    pose=pose_dethrone,
)
