"""Any miner of pytorch-metric-learning, by its class name.

miner: {kind: TripletMarginMiner, margin: 0.2}
"""

from __future__ import annotations

from robust_dml.miners.triplets import Triplets
from robust_dml.records import Miner
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.lazy import Tensor, torch
from robust_dml.runtime.library_options import find_library_class, given, library_options
from robust_dml.runtime.options import Options


def find(name: str) -> Miner | None:
    """Return the record of a miner of the library, read from its sources; None if it has no such miner."""
    source = find_library_class("miners", name, "BaseMiner")
    if source is None:
        return None
    return Miner(
        label=name,
        summary=f"pytorch_metric_learning.miners.{name}",
        options=library_options(source),
        build=lambda options: LibraryMiner(name, options),
    )


class LibraryMiner:
    """A miner of the library; pairs become triplets by the library's own rule."""

    def __init__(self, name: str, options: Options) -> None:
        """Make the library's miner. Raises UserError if the library refuses the options."""
        from pytorch_metric_learning import miners

        try:
            self.mine = getattr(miners, name)(**given(options))
        except (TypeError, ValueError, AssertionError) as error:
            raise UserError(f"miner {name}: the library refuses its options: {' '.join(str(error).split())}") from error

    def __call__(self, embeddings: Tensor, labels: Tensor, generator: torch.Generator) -> Triplets:
        """Return tuples of embeddings (B, d) with labels (B,); `generator` seeds the library's global draws."""
        from pytorch_metric_learning.utils.loss_and_miner_utils import convert_to_triplets

        seed = int(torch.randint(2**62, (1,), generator=generator))
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            found = self.mine(embeddings.detach(), labels)
            return Triplets(*convert_to_triplets(found, labels, t_per_anchor="all"))
