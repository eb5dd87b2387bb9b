"""The standard protocol, version 1: the worst case of its members, in order, on the queries that still stand.

attacks: {standard: {linf: [2/255, 4/255, 8/255]}}

The protocol has no settings, so that its numbers can be compared: docs/protocol.md defines it, and a change of any
figure below is a new version with a name of its own. `evaluation/standard.py` runs it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from robust_dml.records import Optimiser
from robust_dml.runtime.options import Options

NAME = "standard-v1"


@dataclass(frozen=True)
class Member:
    """An attack of the protocol: an optimiser with an objective; `settings` are the options of the optimiser."""

    name: str
    optimiser: str
    objective: str
    settings: dict[str, int] = field(default_factory=dict)
    of_source: bool = False
    """Whether the images are made for the natural model and tried on the one under attack."""

    @property
    def white_box(self) -> bool:
        """Whether it takes gradients of the model under attack."""
        return self.optimiser != "square" and not self.of_source

    def doubled(self) -> Member:
        """Return the member with twice its steps, or queries of Square."""
        twice = {key: 2 * value for key, value in self.settings.items()}
        return Member(self.name, self.optimiser, self.objective, twice, self.of_source)

    def passes(self) -> float:
        """Return the forward passes per query that it does not break."""
        steps = self.settings["steps"]
        return steps + 1 if self.optimiser == "square" else 2 * steps + 4


def _targeted(first: int, last: int) -> list[Member]:
    return [
        Member(f"margin-to-class-{rank}", "apgd", f"wrong-class:{rank}", {"steps": 50}) for rank in range(first, last)
    ]


CLASSES = 5
MEMBERS = (
    Member("pgd-positive", "pgd", "repel-positive", {"steps": 20}),
    Member("pgd-negative", "pgd", "attract-negative", {"steps": 20}),
    Member("margin", "apgd", "margin", {"steps": 100}),
    *_targeted(1, CLASSES + 1),
    Member("shift", "apgd", "repel-self", {"steps": 50}),
    Member("transfer", "pgd", "margin", {"steps": 50}, of_source=True),
    Member("square", "square", "margin", {"steps": 1000}),
)
RESTART = Member("margin-restart", "apgd", "margin", {"steps": 100})
"""What a round of restarts runs, from new random starts."""
CONVERGED = 0.0025
"""Rounds end with the first that breaks a smaller share of the scored queries."""
MOST_ROUNDS = 10


def doubled_members() -> list[Member]:
    """Return the members of the gate of convergence: twice the steps, targets and queries of Square."""
    before = [member.doubled() for member in MEMBERS]
    place = next(i for i, member in enumerate(before) if member.name == "shift")
    return [*before[:place], *(member.doubled() for member in _targeted(CLASSES + 1, 2 * CLASSES + 1)), *before[place:]]


def member_names() -> list[str]:
    """Return the name of each member by its number in a stored result; a round of restarts is the last."""
    return [*(member.name for member in doubled_members()), RESTART.name]


def _steps(options: Options) -> int:
    return sum(member.settings["steps"] for member in MEMBERS) + RESTART.settings["steps"]


def _passes(options: Options) -> float:
    """Return the passes of a query that no member breaks, with one round of restarts."""
    return sum(member.passes() for member in (*MEMBERS, RESTART))


ENTRY = Optimiser(
    label=NAME,
    summary="the worst case of PGD, APGD on the margin and to single classes, transfer and Square (docs/protocol.md)",
    family="standard",
    attack=None,
    passes=_passes,
    steps=_steps,
)
