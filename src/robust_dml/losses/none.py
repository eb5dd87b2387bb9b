"""No loss: the loss of a model that is not trained here.

An entry of `models` has this loss in tables and in metrics.csv; no training can use it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from robust_dml.records import Loss
from robust_dml.runtime.errors import UserError

if TYPE_CHECKING:
    from robust_dml.losses import LossFunction


def _build(options: Any) -> LossFunction:
    raise UserError("losses: none is the loss of `models`, which are not trained; choose another for a training")


ENTRY = Loss(label="none", summary="the loss of models that are not trained", build=_build)
