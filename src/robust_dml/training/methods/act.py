"""ACT, anti-collapse triplet (Zhou et al., TPAMI 2024, arXiv 2106.03614): positive and negative are moved together.

The inner problem minimises mean d(p~, n~); the anchor stays clean. As released, distances are torch's, with 1e-6
added to each component.

act: {method: act, attack: {optimiser: pgd, epsilon: 8/255, step_size: 0.00392, steps: 8}}
"""

from __future__ import annotations

from robust_dml.records import Method
from robust_dml.runtime.lazy import Tensor
from robust_dml.training.defence import Defence, DefenceOptions, Members, distance_of, passes_of
from robust_dml.training.inner import only_pgd


def act(options: DefenceOptions) -> Defence:
    """Return the defence."""
    measure = distance_of(options.as_released)

    def collapse(moved: Members, clean: Members) -> Tensor:
        return measure(moved.positive, moved.negative).mean()

    return Defence(("positive", "negative"), collapse)


ENTRY = Method(
    label="ACT",
    summary="positive and negative are moved towards each other (Zhou et al., TPAMI 2024)",
    options=DefenceOptions,
    family="rival",
    build=act,
    passes=passes_of(2),
    attacks=True,
    refuses=only_pgd,
)
