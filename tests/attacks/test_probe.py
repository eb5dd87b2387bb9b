"""One look at a model: its gradient by differences, and where there is none."""

from __future__ import annotations

import pytest
import torch

from attacks.networks import images, small
from robust_dml.attacks.objectives import repel
from robust_dml.attacks.probe import probe, without_gradient


def test_the_gradient_is_that_of_finite_differences() -> None:
    model, x = small(), images(3, 6)
    objective = repel(model(x.flip(0)).detach() + 0.1)
    found = probe(model, x, objective)
    torch.testing.assert_close(found.values, objective(model(x)).detach())
    for sample, pixel in ((0, 5), (1, 40), (2, 100)):
        step = torch.zeros(3, 108, dtype=torch.float64)
        step[sample, pixel] = 1e-6
        moved = [objective(model(x + sign * step.view_as(x)))[sample] for sign in (1, -1)]
        slope = float((moved[0] - moved[1]).detach()) / 2e-6
        assert float(found.gradient[sample].flatten()[pixel]) == pytest.approx(slope, abs=1e-6)
    assert not found.values.requires_grad and not found.embeddings.requires_grad


def test_without_gradient_are_samples_at_their_own_reference_or_with_nan() -> None:
    model, x = small(), images(3)
    references = model(x).detach().clone()
    references[1] += 0.1
    references[2] = torch.nan
    assert without_gradient(model, x, repel(references)).tolist() == [True, False, True]
