"""No training: the model stays as its backbone builds it; the method of every entry of `models`.

models: {untrained: {backbone: small}, pixels: {kind: pixels}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from robust_dml.records import Method
from robust_dml.runtime.errors import UserError

if TYPE_CHECKING:
    from robust_dml.training.methods import TrainingMethod


def _build(options: Any) -> TrainingMethod:
    raise UserError("trainings: untrained has no step; list the model under `models`")


ENTRY = Method(
    label="no training",
    summary="the model as it is: pre-trained elsewhere, random, or without weights",
    family="reference",
    build=_build,
    passes=lambda config, attack: 0,
)
