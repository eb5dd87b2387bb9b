"""The training that a report is about, and how far it is ahead of every other row along the curve of the worst case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from robust_dml.config import ModelName, Study
from robust_dml.config.evaluation import AttackAt
from robust_dml.config.models import NO_LOSS
from robust_dml.report.cells import Numbers
from robust_dml.report.selection import Group, curve, measured_groups, models_of, natural, robust, trainings_of

if TYPE_CHECKING:
    from robust_dml.report.contrast import Contrast

Place = Literal["ahead", "behind", "open"]


@dataclass(frozen=True)
class Gain:
    """R@1 of the subject minus that of another model, under one attack at one radius, on the same queries."""

    other: ModelName
    at: AttackAt
    contrast: Contrast

    @property
    def place(self) -> Place:
        """Where the subject is, if that is resolved."""
        if not self.contrast.resolved:
            return "open"
        return "ahead" if self.contrast.queries.difference > 0 else "behind"


def subject(study: Study) -> ModelName | None:
    """Return the model that a report is about: the robust one of the first group that has one, else its first."""
    shown = measured_groups(study)
    group = next((group for group in shown if robust(study, group)), shown[0] if shown else None)
    return group.model(robust(study, group) or trainings_of(study, group)[0]) if group else None


def others(study: Study, model: ModelName) -> list[ModelName]:
    """Return what a model is compared with: natural training with its loss, and the models that are not trained."""
    group = Group(model.dataset, model.loss)
    base = natural(study, group)
    untrained = [each for each in models_of(study) if (each.dataset, each.loss) == (model.dataset, NO_LOSS)]
    return [each for each in [*([group.model(base)] if base else []), *untrained] if each != model]


def gains(numbers: Numbers, model: ModelName) -> list[Gain]:
    """Return the gain of a model over each other one at each radius of the curve, as far as they were measured."""
    return [
        Gain(other, at, found)
        for other in others(numbers.study, model)
        for at in curve(numbers.study)
        if (found := numbers.contrast(model, other, at))
    ]
