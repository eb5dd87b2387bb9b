"""Weights that lie beside a card, so that the card can be run again without anything else."""

from __future__ import annotations

from pathlib import Path


def weights_beside(card: Path, seed: int) -> Path:
    """Return the file of the weights of one seed in the folder of a card."""
    return card.parent / f"seed{seed}.safetensors"
