"""`attacks`: what is done to the queries; `AttackConfig` also describes the attack inside a robust training."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from robust_dml.config.base import Epsilon, Name, Section

Norm = Literal["linf", "l2"]
Optimiser = Literal["fgsm", "r-fgsm", "pgd", "apgd", "carlini-wagner", "square", "noise", "transfer", "worst-case"]
Objective = Literal["repel-self", "repel-positive", "attract-negative", "margin"]


class AttackConfig(Section):
    """An attack = objective x ball x optimiser; one result per epsilon."""

    optimiser: Optimiser
    objective: Objective = "repel-positive"
    norm: Norm = "linf"
    epsilon: list[Epsilon] = Field(min_length=1)
    steps: int = Field(1, ge=1)
    step_size: float | None = Field(None, gt=0, description="in pixels of [0, 1]; 2 epsilon / steps if absent")
    restarts: int = Field(1, ge=1)
    source: Name | None = Field(None, description="transfer: the training whose model makes the images")
    members: list[Name] = Field([], description="worst-case: the attacks of the ensemble, cheapest first")

    @field_validator("epsilon", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return value if isinstance(value, list) else [value]


class TrainingAttackConfig(Section):
    """The attack inside a training step; its objective follows from the slot that is perturbed."""

    optimiser: Literal["fgsm", "r-fgsm", "pgd", "apgd"] = "pgd"
    norm: Norm = "linf"
    epsilon: Epsilon = 0.01
    steps: int = Field(5, ge=1)
    step_size: float | None = Field(None, gt=0, description="in pixels of [0, 1]; 2 epsilon / steps if absent")
