"""Away from the nearest other image of the query's class, chosen by clean embeddings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from robust_dml.attacks.objectives import Objective as Function
from robust_dml.attacks.objectives import repel
from robust_dml.evaluation.references import nearest_references
from robust_dml.records import Objective

if TYPE_CHECKING:
    from robust_dml.retrieval.items import Items


def _build(queries: Items, gallery: Items) -> Function:
    positives, _ = nearest_references(queries, gallery)
    return repel(positives)


ENTRY = Objective(label="repel positive", summary="distance to the nearest positive of the clean query", build=_build)
