"""A model as an attack needs it: in eval mode, and with parameters that collect no gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from robust_dml.runtime.lazy import Tensor, torch

Embed = Callable[[Tensor], Tensor]


@contextmanager
def frozen(embed: Embed) -> Iterator[Embed]:
    """Put a module into eval mode without parameter gradients; restore each module and parameter, also on error.

    A callable that is no `nn.Module` is left as it is.
    """
    if not isinstance(embed, torch.nn.Module):
        yield embed
        return
    modes = [(module, module.training) for module in embed.modules()]
    learning = [parameter for parameter in embed.parameters() if parameter.requires_grad]
    try:
        embed.eval()
        for parameter in learning:
            parameter.requires_grad_(False)
        yield embed
    finally:
        for module, mode in modes:
            module.training = mode
        for parameter in learning:
            parameter.requires_grad_(True)
