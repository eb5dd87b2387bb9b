"""What an attack climbs, and when it leaves a sample."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from robust_dml.attacks.goal import Goal
from robust_dml.attacks.objectives import Objective


@dataclass(frozen=True)
class Shifted(Objective):
    """The first number of each embedding plus a shift per sample; it counts its calls."""

    shift: Tensor
    calls: list[int] = field(default_factory=list)

    def __call__(self, embeddings: Tensor) -> Tensor:
        self.calls.append(len(embeddings))
        return embeddings[:, 0] + self.shift

    def rows(self, index: Tensor) -> Objective:
        return replace(self, shift=self.shift[index])


EMBEDDINGS = torch.tensor([[-1.0], [0.0], [0.5], [float("nan")]])
NOTHING, HALF = torch.zeros(4), torch.full((4,), 0.5)


def test_without_until_no_sample_is_left() -> None:
    goal = Goal(lambda embeddings: embeddings[:, 0])
    assert goal.broken(EMBEDDINGS, EMBEDDINGS[:, 0]) is None
    assert goal.rows(torch.tensor([1])) is goal


def test_above_zero_or_nan_is_broken() -> None:
    goal = Goal(Shifted(NOTHING), Shifted(HALF))
    broken = goal.broken(EMBEDDINGS, goal.objective(EMBEDDINGS))
    assert broken is not None and broken.tolist() == [False, True, True, True]
    index = torch.tensor([2, 0])
    some = goal.rows(index).broken(EMBEDDINGS[index], NOTHING[index])
    assert some is not None and some.tolist() == [True, False]


def test_one_objective_for_both_is_evaluated_once() -> None:
    objective = Shifted(NOTHING)
    goal = Goal(objective, objective)
    broken = goal.broken(EMBEDDINGS, objective(EMBEDDINGS))
    assert broken is not None and broken.tolist() == [False, False, True, True]
    assert objective.calls == [4]
    some = goal.rows(torch.tensor([0, 2]))
    assert some.until is some.objective
