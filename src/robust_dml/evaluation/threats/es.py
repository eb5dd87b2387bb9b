"""ES, embedding shift: a perturbed query leaves its own clean embedding (Zhou et al., ECCV 2020)."""

from __future__ import annotations

from robust_dml.attacks.ranking.poses import pose_shift
from robust_dml.records import Threat

ENTRY = Threat(
    label="ES",
    summary="a perturbed query leaves its own clean embedding",
    perturbs="queries",
    metric="recall@1",
    higher_is_safer=True,
    numbers={"recall@1": "R@1", "shift": "distance to the clean embedding"},
    pose=pose_shift,
)
