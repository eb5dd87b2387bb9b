"""From the embeddings of attacked queries to metrics, counts and a record per query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from robust_dml.evaluation.blocks import Arrays
from robust_dml.evaluation.target import Subject
from robust_dml.retrieval.ranking import Ranking

COLLAPSE = 1e-6  # distance within which neighbours are one point: their order is then no judgement of the model


@dataclass(frozen=True)
class Clean:
    """The rankings of the clean queries under both protocols."""

    masked: Ranking
    released: Ranking


def rank_clean(subject: Subject) -> Clean:
    """Rank the gallery for all clean queries."""
    embeddings = subject.queries.embeddings
    return Clean(subject.rank(embeddings), subject.rank(embeddings, protocol="as-released"))


def score(subject: Subject, clean: Clean, arrays: Arrays | None = None) -> dict[str, Any]:
    """`metrics`, `counts` and `queries` of a result; of the clean queries if there are no `arrays` of an attack.

    The as-released figures come from the released code's own attack where it was run, else from the same
    embeddings, with queries that are wrong when clean left as they are.
    """
    if arrays is None:
        masked, released = clean.masked, clean.released
        embeddings, norm = subject.queries.embeddings, np.zeros(len(subject.queries.ids))
        counts = {"nan": 0, "zero_gradient": 0}
    else:
        everyone = torch.arange(len(subject.queries.ids), device=subject.device)
        embeddings, norm = subject.finite(arrays["embeddings"], everyone), arrays["norm"]
        masked = subject.rank(embeddings)
        released = subject.rank(_as_released(subject, clean, arrays, embeddings), protocol="as-released")
        counts = {
            "nan": int((~np.isfinite(arrays["embeddings"]).all(1)).sum()),
            "zero_gradient": int(arrays["zero_gradient"].sum()),
        }
    return {
        "metrics": {"masked": masked.metrics(), "as-released": released.metrics()},
        "counts": {
            "queries": len(masked.relevant),
            "scored": int(masked.scored.sum()),
            **counts,
            "collapsed": int(_collapsed(masked).sum()),
        },
        "queries": {
            "id": subject.queries.ids.tolist(),
            "label": subject.queries.labels.tolist(),
            "scored": masked.scored.tolist(),
            "clean_right": clean.masked.right.tolist(),
            "adversarial_right": masked.right.tolist(),
            "adversarial_right_as_released": released.right.tolist(),
            "norm": _short(norm),
            "shift": _short((embeddings - subject.queries.embeddings).norm(dim=1).cpu().numpy()),
            "neighbour_clean": _nearest_ids(subject, clean.masked),
            "neighbour_adversarial": _nearest_ids(subject, masked),
        },
    }


def _as_released(subject: Subject, clean: Clean, arrays: Arrays, embeddings: Tensor) -> Tensor:
    if "released_embeddings" in arrays:
        everyone = torch.arange(len(embeddings), device=subject.device)
        return subject.finite(arrays["released_embeddings"], everyone)
    return torch.where(clean.masked.right[:, None], embeddings, subject.queries.embeddings)


def _collapsed(ranking: Ranking) -> Tensor:
    """bool (Q,): all the neighbours that were looked at lie at one distance."""
    found = ranking.positions >= 0
    farthest = ranking.distances.masked_fill(~found, 0).amax(1)
    return (farthest - ranking.distances[:, 0] < COLLAPSE) & (found.sum(1) > 1)


def _nearest_ids(subject: Subject, ranking: Ranking) -> list[int]:
    """The ids of the nearest neighbours; -1 where there is none."""
    nearest = ranking.positions[:, 0]
    return torch.where(nearest >= 0, subject.gallery.ids[nearest], -1).tolist()


def _short(values: np.ndarray) -> list[float]:
    """Seven significant digits, as many as float32 has."""
    return [float(f"{value:.7g}") for value in values.tolist()]
