"""The released code's attacks on the queries, with its target and its choice of queries."""

from __future__ import annotations

import torch
from torch import Tensor

from robust_dml.attacks import released
from robust_dml.attacks.balls import BALLS
from robust_dml.config.attacks import AttackConfig
from robust_dml.evaluation.target import Subject

RELEASED = ("fgsm", "r-fgsm", "pgd", "carlini-wagner")


def run_released(
    config: AttackConfig,
    subject: Subject,
    images: Tensor,
    positions: Tensor,
    clean_right: Tensor,
    epsilon: float,
    seeds: Tensor,
) -> Tensor:
    """Images (B, ...) that the released code would make with this optimiser, norm, epsilon, steps and restarts.

    Its target is the query's own clean embedding, which it takes for the nearest positive, and it attacks only
    queries whose clean nearest neighbour is right (`clean_right`, bool (B,)); the others stay clean.
    """
    result = images.clone()
    if not clean_right.any():
        return result
    some, seeds = images[clean_right], seeds[clean_right]
    own = released.objective(subject.queries.embeddings[positions[clean_right]])
    ball = BALLS[config.norm](epsilon)
    count = config.restarts if config.optimiser == "pgd" else 1
    noise = torch.stack([ball.noise(some, seeds=seeds, stream=restart) for restart in range(count)])
    arguments = (subject.model, some, own, config.norm, epsilon)
    if config.optimiser == "pgd":
        attacked = released.pgd(*arguments, noise=noise, steps=config.steps)
    elif config.optimiser == "carlini-wagner":
        attacked = released.carlini_wagner(*arguments, noise=noise[0])
    else:
        attacked = released.fgsm(*arguments, noise=noise[0] if config.optimiser == "r-fgsm" else None)
    result[clean_right] = attacked
    return result
