"""LTM, learning to mismatch: the farthest item of another class passes the nearest positive (CVPR 2022)."""

from __future__ import annotations

from robust_dml.attacks.ranking.poses import pose_learned_match
from robust_dml.records import Threat

ENTRY = Threat(
    label="LTM",
    summary="a perturbed query prefers the farthest item of another class to its nearest positive",
    perturbs="queries",
    metric="recall@1",
    higher_is_safer=True,
    numbers={"recall@1": "R@1"},
    pose=pose_learned_match,
)
