"""Which items an attack on a ranking is about: positions in the gallery, drawn for each query by its own seed."""

from __future__ import annotations

from robust_dml.runtime import randomness
from robust_dml.runtime.lazy import Tensor, torch

KEPT = 5  # items that SPQA holds at the top


def anywhere(seeds: Tensor, count: int, size: int, own: Tensor | None) -> Tensor:
    """Draw `count` positions (B, count) in a gallery of `size`, with replacement.

    The query's own position `own` (B,) is never drawn; None to allow it, as the released code does.
    """
    draws = randomness.uniform(seeds, (count,))
    if own is None:
        return (draws * size).long().clamp(max=size - 1)
    found = (draws * (size - 1)).long().clamp(max=size - 2)
    return found + (found >= own[:, None])


def near(seeds: Tensor, count: int, neighbours: Tensor, *, replacement: bool) -> Tensor:
    """Draw `count` positions (B, count) from the nearest 1 % of each query's ranking `neighbours` (B, N - 1).

    Raises ValueError if the gallery is too small for that.
    """
    size = (neighbours.shape[1] + 1) // 100
    if size < (1 if replacement else count):
        raise ValueError(f"expected a gallery of at least {100 * count} items, found {neighbours.shape[1] + 1}")
    if replacement:
        places = (randomness.uniform(seeds, (count,)) * size).long().clamp(max=size - 1)
    else:
        places = randomness.uniform(seeds, (size,)).argsort(1)[:, :count]
    return neighbours.gather(1, places)


def ranking(x: Tensor, gallery: Tensor, own: Tensor | None) -> Tensor:
    """Return the gallery (B, N - 1) in the order of distance to x, the query's own position left out.

    None for `own` leaves out the nearest item, whatever it is, as the released code does.
    """
    distances = torch.cdist(x, gallery, compute_mode="donot_use_mm_for_euclid_dist")
    if own is not None:
        distances = distances.scatter(1, own[:, None], -1.0)
    return distances.argsort(dim=1, stable=True)[:, 1:]


def kept_beside(neighbours: Tensor, chosen: Tensor, raised: bool) -> Tensor:
    """Return the positions (B, 5) that SPQA holds: the nearest; for SPQA- the nearest that are not chosen."""
    if raised:
        return neighbours[:, :KEPT]
    taken = (neighbours[:, :, None] == chosen[:, None, :]).any(2)
    order = taken.long().argsort(dim=1, stable=True)[:, :KEPT]
    return neighbours.gather(1, order)


def nearest_of_another_class(neighbours: Tensor, same: Tensor) -> Tensor:
    """Return the position (B,) of the nearest item whose class is not the query's; `same` is (B, N)."""
    other = ~same.gather(1, neighbours)
    return neighbours.gather(1, other.long().argmax(1, keepdim=True))[:, 0]


def released_match(neighbours: Tensor, labels: Tensor) -> Tensor:
    """Return the item (B,) that GTM aims at as released, which is seldom the one that it means.

    It takes the class of the nearest neighbour for the query's own, looks for the nearest item of another class among
    the items of other classes alone, and takes its place in that list for a position in the gallery (N,).
    """
    other = labels != labels[neighbours[:, :1]]
    wanted = neighbours.gather(1, other.gather(1, neighbours).long().argmax(1, keepdim=True))
    return (other.long().cumsum(1).gather(1, wanted) - 1)[:, 0]
