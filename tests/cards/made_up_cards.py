"""Cards of made-up outcomes, so that a test knows which difference is resolved."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from robust_dml.cards.bits import pack_bits, pack_labels
from robust_dml.cards.card import FORMAT, AtRadius, Card, Estimate, OfSeed
from robust_dml.statistics import mean_interval

LABELS = np.arange(200) // 10
RADII = (0.0, 2 / 255, 8 / 255)


def right_of(share: float, seed: int) -> NDArray[np.bool_]:
    """Bool (200,), about a share of which is true."""
    return np.random.default_rng(seed).random(len(LABELS)) < share


def made_up_card(
    name: str,
    shares: tuple[float, ...] = (0.9, 0.6, 0.3),
    *,
    seed: int = 0,
    reasons: tuple[str, ...] = (),
    **changes: Any,
) -> Card:
    """Return the card of a model whose recall@1 is about `shares` at the radii; `changes` are of sections."""
    radii = [_at(radius, right_of(share, seed)) for radius, share in zip(RADII, shares, strict=True)]
    content = {
        "format": FORMAT,
        "model": {"name": name, "source": "m:f", "embedding": 8, "distance": "cosine", "weights": {"0": name * 3}},
        "data": {
            **{"name": "shoes", "kind": "folder", "sha256": "ab", "size": 224, "queries": 200, "scored": 200},
            **{"gallery": 200, "classes": 20, "sample": None},
        },
        "threat": {"perturbs": "queries", "norm": "linf"},
        "protocol": {"name": "standard-v1", "package": "0.1.0"},
        "verdict": "unverified" if reasons else "verified",
        "reasons": list(reasons),
        "labels": pack_labels(LABELS),
        "seeds": [OfSeed(seed=0, metrics={}, radii=radii)],
        "settings": {},
        "made": {"revision": "abc", "device": "cpu", "versions": {}},
    }
    for section, keys in changes.items():
        content[section] = {**content.get(section, {}), **keys}
    return Card(**content)


def _at(radius: float, right: NDArray[np.bool_]) -> AtRadius:
    interval = mean_interval(right.astype(np.float64), LABELS)
    recall = Estimate(value=interval.estimate, low=interval.low, high=interval.high)
    return AtRadius(epsilon=radius, recall=recall, right=pack_bits(right))
