"""Towards the nearest image of another class, chosen by clean embeddings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from robust_dml.attacks.objectives import Objective as Function
from robust_dml.attacks.objectives import attract
from robust_dml.evaluation.references import nearest_references
from robust_dml.records import Objective

if TYPE_CHECKING:
    from robust_dml.retrieval.items import Items


def _build(queries: Items, gallery: Items) -> Function:
    _, negatives = nearest_references(queries, gallery)
    return attract(negatives)


ENTRY = Objective(
    label="attract negative", summary="minus the distance to the nearest negative of the clean query", build=_build
)
