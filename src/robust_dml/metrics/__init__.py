"""Retrieval and clustering metrics, one file each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from robust_dml.records import METRICS

if TYPE_CHECKING:
    from torch import Tensor

    from robust_dml.retrieval import Items, Protocol, Ranking

RETRIEVAL = ("recall", "r-precision", "map-at-r")


def query_values(ranking: Ranking, names: Iterable[str] = RETRIEVAL) -> dict[str, Tensor]:
    """Return each metric of rankings for each scored query, float64 (S,)."""
    values: dict[str, Tensor] = {}
    for name in names:
        of_ranking = METRICS.load(name).of_ranking
        for number, each in (of_ranking(ranking) if of_ranking else {}).items():
            values[number] = each[ranking.scored].double()
    return values


def means(values: Mapping[str, Tensor]) -> dict[str, float]:
    """Return the mean over queries of each metric, from values (S,) by name; 0 if there is no query."""
    return {name: float(each.mean()) if len(each) else 0.0 for name, each in values.items()}


def ranking_metrics(ranking: Ranking, names: Iterable[str] = RETRIEVAL) -> dict[str, float]:
    """Return the mean over the scored queries of each metric of rankings; 0 where no query can be scored."""
    return means(query_values(ranking, names))


def retrieval_metrics(queries: Items, gallery: Items, protocol: Protocol = "masked") -> Mapping[str, float]:
    """Return recall@1, 2, 4, 8, r-precision and map@r of queries against a gallery, as shares in [0, 1].

    Queries with nothing to find (no other gallery item of their label) are left out of the means. The protocol is that
    of `robust_dml.retrieval.rank`.
    """
    from robust_dml.retrieval import rank

    return ranking_metrics(rank(queries, gallery, protocol, depth_of(RETRIEVAL)))


def depth_of(names: Iterable[str]) -> int:
    """Return the neighbours that the metrics of these names look at, at most, beside R."""
    return max(METRICS.load(name).depth for name in names)
