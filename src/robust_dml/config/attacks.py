"""`attacks`: what is done to the queries; `TrainingAttackConfig` is the attack inside a robust training."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from robust_dml.records import OBJECTIVES, OPTIMISERS, THREATS, Optimiser
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.options import Entry
from robust_dml.runtime.section import Epsilon

Norm = Literal["linf", "l2"]


class _Attack(Entry):
    """What the attacks of an evaluation and of a training share."""

    key: ClassVar[str] = "optimiser"

    @classmethod
    def find(cls, name: str) -> Optimiser:
        """Return the record of an optimiser."""
        return OPTIMISERS.load(name)

    @property
    def steps(self) -> int:
        """Gradient steps or queries of one restart, as the optimiser counts them."""
        steps: int = self.record.steps(self.options)
        return steps


class AttackConfig(_Attack):
    """An attack = objective x ball x optimiser; one result per epsilon. Options of the optimiser stand beside them."""

    optimiser: str = Field(description="an optimiser of `robust-dml list optimiser`, or MODULE:NAME of your own")
    objective: str = Field("repel-positive", description="what it maximises; margin is the strongest")
    threat: str = Field("query", description="who is perturbed, and by which metric the outcome is judged")
    norm: Norm = "linf"
    epsilon: list[Epsilon] = Field(min_length=1, description="one radius or several, in pixels of [0, 1]")
    as_released: bool = Field(True, description="if the released code has this attack, run that version beside it")

    @property
    def is_ensemble(self) -> bool:
        """Whether its results are put together from those of other attacks."""
        return self.find(self.optimiser).family == "ensemble"

    @property
    def is_standard(self) -> bool:
        """Whether it is a version of the standard protocol."""
        return self.find(self.optimiser).family == "standard"

    @property
    def members(self) -> list[str]:
        """The attacks of an ensemble; none for an attack of its own."""
        return list(getattr(self.options, "members", []))

    @property
    def source(self) -> str | None:
        """The training whose model the images are made for, if it is not the one under attack."""
        return getattr(self.options, "source", None)

    @field_validator("epsilon", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return value if isinstance(value, list) else [value]

    @field_validator("epsilon")
    @classmethod
    def _each_once(cls, value: list[float]) -> list[float]:
        if len({f"{epsilon:g}" for epsilon in value}) < len(value):
            raise ValueError("duplicate epsilon")
        return value

    @field_validator("objective")
    @classmethod
    def _known_objective(cls, value: str) -> str:
        return _known(OBJECTIVES, value)

    @field_validator("threat")
    @classmethod
    def _known_threat(cls, value: str) -> str:
        return _known(THREATS, value)

    @model_validator(mode="after")
    def _radii_are_pixels(self) -> Self:
        if self.norm == "linf":
            require_pixels(self.epsilon)
        return self


class TrainingAttackConfig(_Attack):
    """The attack inside a training step; its objective follows from the slot that is perturbed."""

    optimiser: str = Field("pgd", description="fgsm, r-fgsm, pgd, apgd or MODULE:NAME of your own")
    norm: Norm = "linf"
    epsilon: Epsilon = 0.01

    @model_validator(mode="before")
    @classmethod
    def _five_steps_by_default(cls, data: Any) -> Any:
        if not isinstance(data, dict) or data.get("optimiser", "pgd") != "pgd" or "options" in data:
            return data
        return {"steps": 5, **data}

    @model_validator(mode="after")
    def _may_train(self) -> Self:
        if not self.find(self.optimiser).trains:
            raise ValueError(f"optimiser: {self.optimiser} cannot be used in training")
        if self.norm == "linf":
            require_pixels([self.epsilon])
        return self


def require_pixels(radii: list[float]) -> None:
    """Raise ValueError if a radius under l_inf is no change of pixels in [0, 1]."""
    for radius in radii:
        if radius > 1:
            raise ValueError(f"epsilon: {radius:g} is larger than the range of pixels [0, 1]; write 8/255, not 8")


def _known(registry: Any, name: str) -> str:
    try:
        registry.load(name)
    except UserError as error:
        raise ValueError(str(error)) from error
    return name
