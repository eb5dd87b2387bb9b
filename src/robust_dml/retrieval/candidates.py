"""Nearest neighbours up to rounding: faiss's flat index for a large gallery on a CPU, else a product and top-k."""

from __future__ import annotations

from collections.abc import Callable

from robust_dml.runtime.lazy import Tensor, torch

CELLS = 1 << 25  # of the distance matrix that is held at a time: 128 MB in float32
RESERVOIR = 20  # neighbours from which on faiss is faster with a reservoir than with a heap; its own default is 100

SMALL = 2048  # items up to which a product and top-k is faster than faiss, whose blocks are of a thousand

Finder = Callable[[Tensor, int], tuple[Tensor, Tensor]]


def candidate_finder(gallery: Tensor) -> Finder:
    """Return a function from queries (Q, d) and a number k to squared distances and positions (Q, k), nearest first."""
    if gallery.device.type == "cpu" and gallery.dtype == torch.float32 and len(gallery) > SMALL:
        return _by_faiss(gallery)
    return _by_product(gallery)


def _by_faiss(gallery: Tensor) -> Finder:
    import faiss

    faiss.cvar.distance_compute_min_k_reservoir = RESERVOIR
    index = faiss.IndexFlatL2(gallery.shape[1])
    index.add(gallery.contiguous().numpy())

    def find(queries: Tensor, k: int) -> tuple[Tensor, Tensor]:
        squared, positions = index.search(queries.contiguous().numpy(), k)
        return torch.from_numpy(squared), torch.from_numpy(positions)

    return find


def _by_product(gallery: Tensor) -> Finder:
    lengths = gallery.square().sum(1)

    def find(queries: Tensor, k: int) -> tuple[Tensor, Tensor]:
        found = [
            torch.addmm(lengths, some, gallery.T, alpha=-2)
            .add_(some.square().sum(1, keepdim=True))
            .topk(k, largest=False)
            for some in torch.split(queries, max(1, CELLS // len(gallery)))
        ]
        return torch.cat([f.values for f in found]), torch.cat([f.indices for f in found])

    return find
