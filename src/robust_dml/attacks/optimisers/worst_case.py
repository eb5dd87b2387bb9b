"""An ensemble: a query counts as broken if any of several attacks of the study breaks it.

worst-case: {optimiser: worst-case, members: [pgd, margin, square], norm: linf, epsilon: 8/255}
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from robust_dml.records import Optimiser
from robust_dml.runtime.options import Options
from robust_dml.runtime.section import Name


class WorstCaseOptions(Options):
    """The attacks of an ensemble."""

    members: Annotated[list[Name], Field(min_length=1)] = Field(description="attacks of the study, cheapest first")

    @field_validator("members")
    @classmethod
    def _each_once(cls, value: list[str]) -> list[str]:
        if len(set(value)) < len(value):
            raise ValueError("duplicate member")
        return value


ENTRY = Optimiser(
    label="worst case",
    summary="any of several attacks of the study, put together from their results",
    options=WorstCaseOptions,
    family="ensemble",
    attack=None,
    passes=lambda options: 0,
    steps=lambda options: 0,
    first_gradient="none",
)
