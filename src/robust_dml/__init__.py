"""Adversarial robustness of deep metric learning: data, training, attacks, evaluation, report."""

__version__ = "0.1.0"
