"""Training: methods, the loop, its state."""

from robust_dml.training.loop import train

__all__ = ["train"]
