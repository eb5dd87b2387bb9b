"""Adversarial robustness of deep metric learning: data, training, attacks, evaluation, report."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from robust_dml.auditing.arrays import audit as audit
    from robust_dml.zoo.load import load_model as load_model

__version__ = "0.1.0"

_FACE = {"audit": "robust_dml.auditing.arrays", "load_model": "robust_dml.zoo.load"}


def __getattr__(name: str) -> Any:
    """Import what a user calls when it is called: `import robust_dml` alone takes no time."""
    if name in _FACE:
        return getattr(import_module(_FACE[name]), name)
    raise AttributeError(f"module {__name__} has no attribute {name}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_FACE])
