"""What every query of every seed did: intervals and comparisons are computed from these outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from robust_dml.report.result_files import Queries


@dataclass(frozen=True)
class Sample:
    """Whether each scored query was right, `right` (S, Q) by seed and query, with ids (Q,) and classes (Q,)."""

    seeds: tuple[int, ...]
    ids: NDArray[np.int64]
    classes: NDArray[np.int64]
    right: NDArray[np.bool_]

    def of(self, seeds: tuple[int, ...], ids: NDArray[np.int64]) -> Sample:
        """Return the sample of some of its seeds and queries; `ids` are sorted."""
        rows, columns = [self.seeds.index(seed) for seed in seeds], np.searchsorted(self.ids, ids)
        return Sample(seeds, ids, self.classes[columns], self.right[rows][:, columns])

    def repeated(self, seeds: tuple[int, ...]) -> Sample:
        """Return a sample of one seed as if each of several seeds had given it; another sample as it is."""
        if len(self.seeds) > 1 or len(seeds) < 2:
            return self
        return replace(self, seeds=seeds, right=np.repeat(self.right, len(seeds), axis=0))


def outcomes(queries: Queries, protocol: str) -> Sample:
    """Return the sample of one seed, which is numbered 0; its queries are sorted by id."""
    ids = np.array(queries.id, dtype=np.int64)
    right = np.array(queries.adversarial_right if protocol == "masked" else queries.adversarial_right_as_released)
    order = np.argsort(ids, kind="stable")
    order = order[np.array(queries.scored, dtype=np.bool_)[order]]
    return Sample((0,), ids[order], np.array(queries.label, dtype=np.int64)[order], right[None, order].astype(np.bool_))


def over_seeds(samples: Mapping[int, Sample]) -> Sample | None:
    """Return the samples of several seeds as one, of the queries that all of them have; None without any query."""
    if not samples:
        return None
    ids = next(iter(samples.values())).ids
    for sample in samples.values():
        ids = ids if np.array_equal(ids, sample.ids) else np.intersect1d(ids, sample.ids)
    parts = [sample.of((0,), ids) for sample in samples.values()]
    right = np.concatenate([part.right for part in parts])
    return Sample(tuple(samples), ids, parts[0].classes, right) if len(ids) else None


def alike(of: Sample, to: Sample) -> tuple[Sample, Sample] | None:
    """Return both samples, of the seeds and the queries that they share; None if they share none.

    A model of one seed, such as pixels, which have no random weights, is compared with every seed of the other.
    """
    of, to = of.repeated(to.seeds), to.repeated(of.seeds)
    seeds = tuple(seed for seed in of.seeds if seed in to.seeds)
    ids = np.intersect1d(of.ids, to.ids)
    return (of.of(seeds, ids), to.of(seeds, ids)) if seeds and len(ids) else None
