"""How a batch becomes a loss: one file per method, one line here."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from robust_dml.runtime.errors import UserError
from robust_dml.training.methods.joint import joint
from robust_dml.training.methods.natural import natural
from robust_dml.training.methods.robust import robust
from robust_dml.training.methods.visualphishnet import visualphishnet
from robust_dml.training.step import Step

Method = Callable[[Step], Tensor]

METHODS: dict[str, Method] = {
    "natural": natural,
    "robust": robust,
    "joint": joint,
    "visualphishnet": visualphishnet,
}


def method_of(name: str) -> Method:
    """The method of a training. Raises UserError for an unknown one."""
    if name not in METHODS:
        raise UserError(f"trainings: no such method: {name}; known are {', '.join(METHODS)}")
    return METHODS[name]
