"""PGD on another model: the images are made for the model of another training, and tried on the one under attack.

transfer: {optimiser: transfer, source: natural, objective: margin, norm: linf, epsilon: 8/255, steps: 20}
"""

from __future__ import annotations

from pydantic import Field

from robust_dml.attacks.optimisers.pgd import ENTRY as PGD
from robust_dml.attacks.optimisers.pgd import PgdOptions, pgd_passes
from robust_dml.records import Optimiser
from robust_dml.runtime.section import Name


class TransferOptions(PgdOptions):
    """The settings of PGD, and the training whose model it attacks."""

    source: Name = Field(description="the training whose model the images are made for, by PGD")


ENTRY = Optimiser(
    label="transfer",
    summary="images made by PGD for the model of another training",
    options=TransferOptions,
    family="control",
    attack=PGD.attack,
    passes=pgd_passes,
    steps=lambda options: options.steps,
    counted="steps",
    first_gradient="none",
)
