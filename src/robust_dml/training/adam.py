"""Adam (Kingma & Ba, ICLR 2015) by torch's fused kernel, as torch.optim.Adam(fused=True) runs it.

That class imports torch's compiler, which takes about as long as importing torch; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

BETAS = (0.9, 0.999)
EPSILON = 1e-8


class Adam:
    """The optimiser of arXiv 2102.07265: weight decay is added to the gradient, there is no schedule."""

    def __init__(self, parameters: Mapping[str, nn.Parameter], *, learning_rate: float, weight_decay: float) -> None:
        """Start at step 0 for the parameters that require a gradient, by name."""
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.parameters = {name: p for name, p in parameters.items() if p.requires_grad}
        self.first = {name: torch.zeros_like(p) for name, p in self.parameters.items()}
        self.second = {name: torch.zeros_like(p) for name, p in self.parameters.items()}
        self.steps = torch.zeros((), device=next(iter(self.parameters.values())).device)

    @torch.no_grad()
    def step(self) -> None:
        """Move every parameter that has a gradient, and clear the gradients."""
        gradients = {name: p.grad for name, p in self.parameters.items() if p.grad is not None}
        self.steps += 1
        torch._fused_adam_(
            [self.parameters[name] for name in gradients],
            list(gradients.values()),
            [self.first[name] for name in gradients],
            [self.second[name] for name in gradients],
            [],
            [self.steps] * len(gradients),
            lr=self.learning_rate,
            beta1=BETAS[0],
            beta2=BETAS[1],
            weight_decay=self.weight_decay,
            eps=EPSILON,
            amsgrad=False,
            maximize=False,
        )
        for parameter in self.parameters.values():
            parameter.grad = None

    def state(self) -> dict[str, Tensor]:
        """Return moments and step count, by name."""
        first = {f"first/{name}": moment for name, moment in self.first.items()}
        second = {f"second/{name}": moment for name, moment in self.second.items()}
        return {**first, **second, "steps": self.steps}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Restore what `state` returned. Raises KeyError if a name is missing."""
        for name, tensor in self.state().items():
            tensor.copy_(state[name])
