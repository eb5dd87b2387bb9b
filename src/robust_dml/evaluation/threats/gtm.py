"""GTM, greedy top-1 mismatch: towards the nearest item of another class (CVPR 2022)."""

from __future__ import annotations

from robust_dml.attacks.ranking.poses import pose_greedy_match
from robust_dml.records import Threat

ENTRY = Threat(
    label="GTM",
    summary="a perturbed query moves to the nearest item of another class",
    perturbs="queries",
    metric="recall@1",
    higher_is_safer=True,
    numbers={"recall@1": "R@1"},
    pose=pose_greedy_match,
)
