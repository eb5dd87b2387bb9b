"""Training: methods, the loop, its state."""

from robust_dml.training.train import train

__all__ = ["train"]
