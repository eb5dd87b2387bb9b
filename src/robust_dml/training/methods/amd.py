"""AMD, min-max adversarial training of triplets (Zhou & Patel, CVPR 2022): all three images move jointly.

The inner problem maximises the mean hardness d(a~, p~) - d(a~, n~). As released, distances are torch's, with 1e-6
added to each component.

amd: {method: amd, attack: {optimiser: pgd, epsilon: 8/255, step_size: 0.00392, steps: 8}}
"""

from __future__ import annotations

from robust_dml.miners.triplets import SLOTS
from robust_dml.records import Method
from robust_dml.runtime.lazy import Tensor
from robust_dml.training.defence import Defence, DefenceOptions, Members, distance_of, hardness, passes_of
from robust_dml.training.inner import only_pgd


def amd(options: DefenceOptions) -> Defence:
    """Return the defence."""
    measure = distance_of(options.as_released)

    def ease(moved: Members, clean: Members) -> Tensor:
        return -hardness(moved, measure).mean()

    return Defence(SLOTS, ease)


ENTRY = Method(
    label="AMD",
    summary="all images of a tuple are moved jointly to make it as hard as possible (Zhou & Patel, CVPR 2022)",
    options=DefenceOptions,
    family="rival",
    build=amd,
    passes=passes_of(3),
    attacks=True,
    refuses=only_pgd,
)
