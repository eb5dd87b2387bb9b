"""The universal perturbation: one perturbation, added to every query, learned on the images of training.

No class of the queries is among those that it is learned on; recall@1 against a clean gallery is the outcome.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from robust_dml.attacks.balls import BALLS
from robust_dml.attacks.universal import Addition
from robust_dml.config.radii import Radii
from robust_dml.evaluation.universal import Learning, measure_changes
from robust_dml.records import Threat

if TYPE_CHECKING:
    from robust_dml.evaluation.readings import Reading
    from robust_dml.evaluation.target import Target


class UniversalOptions(Learning, Radii):
    """The settings of the universal perturbation."""


def measure_universal(target: Target, options: UniversalOptions) -> Iterator[Reading]:
    """Yield recall@1 of clean queries, and at each radius under a learned and a random perturbation.

    Raises UserError if there is nothing to learn on.
    """
    changes = {epsilon: Addition(BALLS[options.norm](epsilon)) for epsilon in options.levels if epsilon}
    yield from measure_changes(target, options, changes, "perturbation")


ENTRY = Threat(
    label="universal perturbation",
    summary="one perturbation, learned on training images, is added to every query; lower recall@1 is worse",
    perturbs="queries",
    metric="recall@1",
    curve=("clean", "perturbation"),
    options=UniversalOptions,
    measure=measure_universal,
)
