"""The contrastive loss in a plain loop."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import normalize

from losses.tuples import random_tuples
from robust_dml.losses.contrastive import ContrastiveLoss


@pytest.mark.parametrize("seed", range(3))
def test_the_formula_in_a_plain_loop(seed: int) -> None:
    embeddings, labels, triplets = random_tuples(seed)
    unit = normalize(embeddings)
    near, far = [], []
    for a, p, n in zip(*(rows.tolist() for rows in triplets), strict=True):
        too_far = (unit[a] - unit[p]).norm() - 0.1
        too_near = 0.9 - (unit[a] - unit[n]).norm()
        near += [too_far] if too_far > 0 else []
        far += [too_near] if too_near > 0 else []
    expected = sum(near) / max(1, len(near)) + sum(far) / max(1, len(far))
    loss = ContrastiveLoss(pos_margin=0.1, neg_margin=0.9)
    torch.testing.assert_close(loss(embeddings, labels, triplets), expected)
