"""Embedding networks: backbones by name, models before and after training."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from robust_dml.models.build import build_model
    from robust_dml.models.embedding import EmbeddingModel
    from robust_dml.models.load import load_model

__all__ = ["EmbeddingModel", "build_model", "load_model"]

_MODULES = {"EmbeddingModel": "embedding", "build_model": "build", "load_model": "load"}


def __getattr__(name: str) -> Any:
    """Import a name of `__all__` at its first use, since it imports torch."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
