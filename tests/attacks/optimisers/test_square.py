"""Square: progress without gradients, draws that do not depend on the batch."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from attacks.networks import images, small
from robust_dml.attacks import Ball, L2Ball, LinfBall, square
from robust_dml.attacks.objectives import repel

BALLS = [LinfBall(0.05), L2Ball(0.5)]


@pytest.mark.parametrize("ball", BALLS)
def test_square_improves_with_queries_and_asks_for_no_gradient(ball: Ball) -> None:
    model, x = small(), images()
    objective = repel(model(x).detach())

    def embed(batch: Tensor) -> Tensor:
        assert not torch.is_grad_enabled()
        return model(batch)

    results = [square(embed, x, objective, ball, queries=n, seeds=torch.arange(6)) for n in (1, 10, 100)]
    values = [objective(model(found)).mean() for found in results]
    assert values[0] < values[1] < values[2]
    for found in results:
        assert (ball.size(found - x) <= ball.epsilon + 1e-12).all()
        assert found.min() >= 0 and found.max() <= 1


@pytest.mark.parametrize("ball", BALLS)
def test_square_does_not_depend_on_the_batch(ball: Ball) -> None:
    model, x, seeds = small(), images(), torch.arange(6) + 40
    references = model(x).detach()
    together = square(model, x, repel(references), ball, queries=20, seeds=seeds)
    alone = [
        square(model, x[i : i + 1], repel(references[i : i + 1]), ball, queries=20, seeds=seeds[i : i + 1])
        for i in range(6)
    ]
    torch.testing.assert_close(together, torch.cat(alone), rtol=0, atol=1e-12)
