"""OA, relative order attack: five near items come in another order (Zhou et al., ICCV 2021)."""

from __future__ import annotations

from robust_dml.attacks.ranking.poses import pose_order
from robust_dml.records import Threat

ENTRY = Threat(
    label="OA",
    summary="five near items come in a drawn order",
    perturbs="queries",
    metric="tau",
    higher_is_safer=False,
    numbers={"tau": "pairs in the drawn order"},
    pose=pose_order,
)
