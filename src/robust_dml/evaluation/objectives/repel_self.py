"""Away from the query's own clean embedding; there is no gradient at the clean image itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from robust_dml.attacks.objectives import Objective as Function
from robust_dml.attacks.objectives import repel
from robust_dml.records import Objective

if TYPE_CHECKING:
    from robust_dml.retrieval.items import Items


def _build(queries: Items, gallery: Items) -> Function:
    return repel(queries.embeddings)


ENTRY = Objective(label="repel self", summary="distance to the query's own clean embedding", build=_build)
