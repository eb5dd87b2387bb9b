"""The adversarial patch: one square of any pixels that covers a part of every query, learned on the images of training.

No class of the queries is among those that it is learned on; recall@1 against a clean gallery is the outcome. Where it
may be anywhere, it is learned in expectation over places, and each query has a place of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, field_validator

from robust_dml.attacks.universal import Patch, Place
from robust_dml.evaluation.universal import Learning, measure_changes
from robust_dml.records import Threat
from robust_dml.runtime.section import Number

if TYPE_CHECKING:
    from robust_dml.evaluation.readings import Reading
    from robust_dml.evaluation.target import Target

Area = Annotated[Number, Field(gt=0, lt=1)]


class PatchOptions(Learning):
    """The settings of the adversarial patch."""

    area: list[Area] = Field([0.05], min_length=1, description="share of an image that the patch covers")
    place: Place = Field("anywhere", description="where it is; anywhere is a random place for each query")

    @field_validator("area", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return value if isinstance(value, list) else [value]


def measure_patch(target: Target, options: PatchOptions) -> Iterator[Reading]:
    """Yield recall@1 of clean queries, and for each area under a learned and a random patch.

    Raises UserError if there is nothing to learn on.
    """
    changes = {area: Patch(area, options.place) for area in sorted(set(options.area))}
    yield from measure_changes(target, options, changes, "patch")


ENTRY = Threat(
    label="adversarial patch",
    summary="one patch, learned on training images, covers a part of every query; lower recall@1 is worse",
    perturbs="queries",
    metric="recall@1",
    curve=("clean", "patch"),
    options=PatchOptions,
    measure=measure_patch,
)
