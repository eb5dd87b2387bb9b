"""The radii at which a threat perturbs images: the options of every threat that does so in a ball."""

from __future__ import annotations

from typing import Self

from pydantic import Field, field_validator, model_validator

from robust_dml.config.attacks import Norm, require_pixels
from robust_dml.runtime.options import Options
from robust_dml.runtime.section import Epsilon


class Radii(Options):
    """A norm and radii in it."""

    norm: Norm = Field("linf", description="of the perturbation")
    epsilon: list[Epsilon] = Field([8 / 255], min_length=1, description="radii, in pixels of [0, 1]")

    @property
    def levels(self) -> list[float]:
        """Zero and the radii, ascending, each once."""
        return sorted({0.0, *self.epsilon})

    @field_validator("epsilon", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return value if isinstance(value, list) else [value]

    @model_validator(mode="after")
    def _radii_are_pixels(self) -> Self:
        if self.norm == "linf":
            require_pixels(self.epsilon)
        return self
