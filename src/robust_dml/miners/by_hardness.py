"""One tuple an anchor, with a random, semihard, softhard, distance-weighted or the hardest negative.

The strategies of the released code of ACT and HM (robrank), R, M, S, D and H in the names of its models.

miner: {kind: by-hardness, strategy: softhard}
"""

from __future__ import annotations

from pydantic import Field

from robust_dml.miners.strategies import Strategy, draw_triplets
from robust_dml.miners.triplets import Triplets
from robust_dml.records import Miner
from robust_dml.runtime.lazy import Tensor, torch
from robust_dml.runtime.options import Options
from robust_dml.runtime.section import Number


class HardnessMiner(Options):
    """One tuple for each anchor."""

    strategy: Strategy = Field("random", description="how hard the negatives may be")
    margin: Number = Field(0.2, gt=0, description="of semihard negatives")
    pairs: bool = Field(False, description="the even rows of a batch are the anchors, the rows after them positives")
    as_released: bool = Field(False, description="a softhard positive may be the anchor itself")

    def __call__(self, embeddings: Tensor, labels: Tensor, generator: torch.Generator) -> Triplets:
        """Return tuples of embeddings (B, d) with labels (B,); random draws come from `generator`, on the CPU."""
        return draw_triplets(
            self.strategy,
            embeddings,
            labels,
            generator,
            margin=self.margin,
            pairs=self.pairs,
            as_released=self.as_released,
        )


ENTRY = Miner(
    label="by hardness",
    summary="one tuple an anchor; its negative is random, semihard, softhard, by distance or the hardest",
    options=HardnessMiner,
    build=lambda options: options,  # the miner is its options
)
