"""`attacks`: what is done to the queries; `AttackConfig` also describes the attack inside a robust training."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from robust_dml.config.base import Epsilon, Name, Section

Norm = Literal["linf", "l2"]
Optimiser = Literal["fgsm", "r-fgsm", "pgd", "apgd", "carlini-wagner", "square", "noise", "transfer", "worst-case"]
Objective = Literal["repel-self", "repel-positive", "attract-negative", "margin"]

ITERATIVE = ("pgd", "apgd", "carlini-wagner", "square", "transfer")


class AttackConfig(Section):
    """An attack = objective x ball x optimiser; one result per epsilon."""

    optimiser: Optimiser
    objective: Objective = Field("repel-positive", description="what it maximises; margin is the strongest")
    norm: Norm = "linf"
    epsilon: list[Epsilon] = Field(min_length=1, description="one radius or several, in pixels of [0, 1]")
    steps: int = Field(1, ge=1, description="gradient steps of each restart; square: queries; noise: draws")
    step_size: float | None = Field(None, gt=0, description="in pixels of [0, 1]; the optimiser's own if absent")
    restarts: int = Field(1, ge=1, description="random starts, the best of which is kept")
    search_steps: int = Field(3, ge=1, description="carlini-wagner: steps of the binary search")
    source: Name | None = Field(None, description="transfer: the training whose model makes the images, by PGD")
    members: list[Name] = Field([], description="worst-case: the attacks of the ensemble, cheapest first")
    as_released: bool = Field(True, description="if the released code has this attack, run that version beside it")

    @field_validator("epsilon", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return value if isinstance(value, list) else [value]

    @field_validator("epsilon")
    @classmethod
    def _each_once(cls, value: list[float]) -> list[float]:
        if len({f"{epsilon:g}" for epsilon in value}) < len(value):
            raise ValueError("a radius stands twice")
        return value

    def same_but_for(self, other: AttackConfig, *settings: str) -> bool:
        """Whether the two attack alike, whatever their radii and these `settings`."""
        left_out = {"epsilon", "as_released", *settings}
        return self.model_dump(exclude=left_out) == other.model_dump(exclude=left_out)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.optimiser in ITERATIVE and "steps" not in self.model_fields_set:
            raise ValueError(f"steps: missing; {self.optimiser} is iterative")
        if (self.optimiser == "transfer") != (self.source is not None):
            raise ValueError("source: belongs to the optimiser transfer, which needs it")
        if (self.optimiser == "worst-case") != bool(self.members):
            raise ValueError("members: belong to the optimiser worst-case, which needs them")
        return self


class TrainingAttackConfig(Section):
    """The attack inside a training step; its objective follows from the slot that is perturbed."""

    optimiser: Literal["fgsm", "r-fgsm", "pgd", "apgd"] = "pgd"
    norm: Norm = "linf"
    epsilon: Epsilon = 0.01
    steps: int = Field(5, ge=1)
    step_size: float | None = Field(None, gt=0, description="in pixels of [0, 1]; the optimiser's own if absent")
