"""Attacks on embeddings: an objective, a ball and an optimiser, for any PyTorch model."""

from robust_dml.attacks.apgd import apgd
from robust_dml.attacks.balls import Ball, L2Ball, LinfBall
from robust_dml.attacks.carlini_wagner import carlini_wagner
from robust_dml.attacks.fgsm import fgsm, r_fgsm
from robust_dml.attacks.frozen import Embed, frozen
from robust_dml.attacks.noise import noise
from robust_dml.attacks.pgd import pgd
from robust_dml.attacks.square import square

__all__ = [
    "Ball",
    "Embed",
    "L2Ball",
    "LinfBall",
    "apgd",
    "carlini_wagner",
    "fgsm",
    "frozen",
    "noise",
    "pgd",
    "r_fgsm",
    "square",
]
