"""NMI and AMI of k-means."""

from __future__ import annotations

import torch

from robust_dml.metrics import clustering_metrics


def test_separate_classes_are_recovered_and_noise_is_not() -> None:
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(60) % 3
    centres = 20 * torch.eye(3)
    separate = clustering_metrics(centres[labels] + torch.randn(60, 3, generator=generator), labels, seed=1)
    noise = clustering_metrics(torch.randn(60, 3, generator=generator), labels, seed=1)
    assert separate == {"nmi": 1.0, "ami": 1.0}
    assert noise["nmi"] < 0.2 and abs(noise["ami"]) < 0.15


def test_the_seed_decides() -> None:
    embeddings = torch.randn(80, 4, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(80) % 8
    runs = [clustering_metrics(embeddings, labels, seed=seed) for seed in (0, 0, 1, 2)]
    assert runs[0] == runs[1]
    assert runs[0] != runs[2] or runs[0] != runs[3]
