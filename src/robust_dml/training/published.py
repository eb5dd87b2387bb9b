"""The model that a training publishes: the weights of its last step, or their exponential mean over the steps.

With `average_steps` k the mean after step n is m_n = b_n m_(n-1) + (1 - b_n) w_n, where w_n are the weights and
b_n = min(1 - 1/k, n / (n + 10)), so that the mean soon forgets the first weights m_0 = w_0. It is the average of
iterates of Polyak & Juditsky (SIAM J. Control Optim. 1992) with the weights of an exponential mean.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
from torch import Tensor

from robust_dml.models.folding import FoldedModel

WARM_UP = 10
"""Steps after which the mean weighs its past and the present step alike."""


class PublishedModel:
    """`model` is the model that is trained, or, with `average_steps`, another one with the mean of its weights.

    `folded` is the same as a function of images, made once.
    """

    def __init__(self, trained: FoldedModel, average_steps: int) -> None:
        self.trained, self.average_steps = trained.model, average_steps
        self.folded = FoldedModel(copy.deepcopy(trained.model)) if average_steps else trained
        self.model = self.folded.model

    @torch.no_grad()
    def update(self, steps: Tensor) -> None:
        """Take the weights after `steps` () into the mean; statistics of BatchNorm too, and counts as they are."""
        if not self.average_steps:
            return
        number = int(steps)
        kept = min(1 - 1 / self.average_steps, number / (number + WARM_UP))
        present = self.trained.state_dict()
        for name, mean in self.model.state_dict().items():
            if mean.is_floating_point():
                mean.mul_(kept).add_(present[name], alpha=1 - kept)
            else:
                mean.copy_(present[name])

    def state(self) -> dict[str, Tensor]:
        """Return the mean by name; nothing where there is none."""
        return self.model.state_dict() if self.average_steps else {}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Restore what `state` returned. Raises RuntimeError if names or shapes differ."""
        if self.average_steps:
            self.model.load_state_dict(state)
