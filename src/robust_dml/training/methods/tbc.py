"""TBC, three-body collapse (released code of Zhou & Patel, CVPR 2022): the images of a tuple are moved to one point.

The inner problem minimises the mean of d(p~, n~) + d(a~, p~) + d(a~, n~). As released, distances are torch's, with
1e-6 added to each component.

tbc: {method: tbc, attack: {optimiser: pgd, epsilon: 8/255, step_size: 0.00392, steps: 8}}
"""

from __future__ import annotations

from robust_dml.miners.triplets import SLOTS
from robust_dml.records import Method
from robust_dml.runtime.lazy import Tensor
from robust_dml.training.defence import Defence, DefenceOptions, Members, distance_of, passes_of
from robust_dml.training.inner import only_pgd


def tbc(options: DefenceOptions) -> Defence:
    """Return the defence."""
    measure = distance_of(options.as_released)

    def collapse(moved: Members, clean: Members) -> Tensor:
        anchor, positive, negative = moved
        return (measure(positive, negative) + measure(anchor, positive) + measure(anchor, negative)).mean()

    return Defence(SLOTS, collapse)


ENTRY = Method(
    label="TBC",
    summary="all images of a tuple are moved towards each other (code of Zhou & Patel, CVPR 2022)",
    options=DefenceOptions,
    family="rival",
    build=tbc,
    passes=passes_of(3),
    attacks=True,
    refuses=only_pgd,
)
