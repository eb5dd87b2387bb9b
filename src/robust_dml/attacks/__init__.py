"""Attacks on embeddings: an objective, a ball and an optimiser, for any PyTorch model."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from robust_dml.attacks.balls import Ball, L2Ball, LinfBall
    from robust_dml.attacks.frozen import Embed
    from robust_dml.attacks.optimisers.apgd import apgd
    from robust_dml.attacks.optimisers.carlini_wagner import carlini_wagner
    from robust_dml.attacks.optimisers.fgsm import fgsm
    from robust_dml.attacks.optimisers.noise import noise
    from robust_dml.attacks.optimisers.pgd import pgd
    from robust_dml.attacks.optimisers.r_fgsm import r_fgsm
    from robust_dml.attacks.optimisers.square import square

__all__ = [
    "Ball",
    "Embed",
    "L2Ball",
    "LinfBall",
    "apgd",
    "carlini_wagner",
    "fgsm",
    "noise",
    "pgd",
    "r_fgsm",
    "square",
]

_ELSEWHERE = {"Ball": "balls", "L2Ball": "balls", "LinfBall": "balls", "Embed": "frozen"}


def __getattr__(name: str) -> Any:
    """Import a name at its first use and nothing else, so that a job depends only on the attacks that it runs."""
    if name not in __all__:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    module = _ELSEWHERE.get(name, f"optimisers.{name}")
    return getattr(import_module(f"{__name__}.{module}"), name)
