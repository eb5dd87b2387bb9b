"""The triplet loss in a plain loop."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import normalize

from losses.tuples import random_tuples
from robust_dml.losses.triplet import TripletLoss


@pytest.mark.parametrize("seed", range(3))
def test_the_formula_in_a_plain_loop(seed: int) -> None:
    embeddings, labels, triplets = random_tuples(seed)
    unit = normalize(embeddings)
    terms = []
    for a, p, n in zip(*(rows.tolist() for rows in triplets), strict=True):
        violation = (unit[a] - unit[p]).norm() - (unit[a] - unit[n]).norm() + 0.3
        if violation > 0:
            terms.append(violation)
    expected = sum(terms) / len(terms)
    torch.testing.assert_close(TripletLoss(margin=0.3)(embeddings, labels, triplets), expected)
