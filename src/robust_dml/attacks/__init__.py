"""Attacks on embeddings: an objective, a ball and an optimiser, for any PyTorch model."""

from robust_dml.attacks.balls import Ball, L2Ball, LinfBall
from robust_dml.attacks.fgsm import fgsm, r_fgsm
from robust_dml.attacks.frozen import Embed, frozen
from robust_dml.attacks.noise import noise
from robust_dml.attacks.pgd import pgd

__all__ = ["Ball", "Embed", "L2Ball", "LinfBall", "fgsm", "frozen", "noise", "pgd", "r_fgsm"]
