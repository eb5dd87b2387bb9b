"""Exact neighbours at SOP's size and in a gallery of a million, some of them compared with float64 on the CPU."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from benchmarks.gpu.size import Size
from benchmarks.gpu.timing import seconds_of
from benchmarks.row import Row, figures

if TYPE_CHECKING:
    from torch import Tensor

DIMENSION, NEIGHBOURS, COMPARED = 128, 16, 8


def rows(size: Size) -> Iterator[Row]:
    """Yield one row per size of the gallery."""
    import torch

    from robust_dml.retrieval.search import search

    for queries, items in size.galleries:
        generator = torch.Generator().manual_seed(0)
        gallery = torch.nn.functional.normalize(torch.randn(items, DIMENSION, generator=generator))
        ids = torch.arange(items)
        everything = [part.to(size.device) for part in (gallery[:queries], gallery, ids[:queries], ids)]

        def run(q: Tensor, g: Tensor, q_ids: Tensor, g_ids: Tensor) -> Tensor:
            return search(q, g, NEIGHBOURS, query_ids=q_ids, gallery_ids=g_ids).positions

        seconds = seconds_of(lambda everything=everything: run(*everything), size)  # type: ignore[misc]
        same = bool((run(*everything)[:COMPARED].cpu() == plain(gallery, COMPARED)).all())
        values = {"seconds": round(seconds, 3), "queries/s": round(queries / seconds)}
        what = f"search, {queries:,} queries in {items:,} items, {NEIGHBOURS} neighbours"
        yield figures(what, values, goal="the neighbours of float64", met=same)


def plain(gallery: Tensor, count: int) -> Tensor:
    """Return the neighbours of the first `count` items of a gallery, without themselves, in float64 on the CPU."""
    import torch

    wide = gallery.double()
    squared = torch.stack([(wide - query).square().sum(1) for query in wide[:count]])
    squared[torch.arange(count), torch.arange(count)] = torch.inf
    return squared.argsort(dim=1, stable=True)[:, :NEIGHBOURS]
