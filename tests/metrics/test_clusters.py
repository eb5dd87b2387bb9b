"""NMI and AMI of k-means."""

from __future__ import annotations

import math

import pytest
import torch

from robust_dml.metrics.clusters import ENTRY, clustering_metrics
from robust_dml.retrieval import Items


def test_separate_classes_are_recovered_and_noise_is_not() -> None:
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(60) % 3
    centres = 20 * torch.eye(3)
    ids = torch.arange(60)
    separate = clustering_metrics(Items(centres[labels] + torch.randn(60, 3, generator=generator), labels, ids), seed=1)
    noise = clustering_metrics(Items(torch.randn(60, 3, generator=generator), labels, ids), seed=1)
    assert separate == {"nmi": 1.0, "ami": 1.0}
    assert noise["nmi"] < 0.2 and abs(noise["ami"]) < 0.15


def test_the_seed_decides() -> None:
    embeddings = torch.randn(80, 4, generator=torch.Generator().manual_seed(0))
    items = Items(embeddings, torch.arange(80) % 8, torch.arange(80))
    runs = [clustering_metrics(items, seed=seed) for seed in (0, 0, 1, 2)]
    assert runs[0] == runs[1]
    assert runs[0] != runs[2] or runs[0] != runs[3]


def naive_nmi(labels: list[int], clusters: list[int]) -> float:
    """Mutual information over the mean of both entropies, by counting."""
    n = len(labels)

    def entropy(values: list[int]) -> float:
        return -sum(values.count(v) / n * math.log(values.count(v) / n) for v in set(values))

    pairs = list(zip(labels, clusters, strict=True))
    mutual = sum(
        pairs.count((a, b)) / n * math.log(pairs.count((a, b)) * n / (labels.count(a) * clusters.count(b)))
        for a, b in set(pairs)
    )
    return 2 * mutual / (entropy(labels) + entropy(clusters))


def test_nmi_against_counting_on_clusters_that_k_means_cannot_miss() -> None:
    """Four far points with several items each, whose labels only partly agree with the points."""
    points = torch.arange(24) % 4
    labels = torch.where(torch.arange(24) < 18, points, (points + 1) % 4)
    embeddings = 100 * torch.eye(4)[points]
    found = [clustering_metrics(Items(embeddings, labels, torch.arange(24)), seed=seed)["nmi"] for seed in range(5)]
    assert max(found) == pytest.approx(naive_nmi(labels.tolist(), points.tolist()), abs=1e-9)


def test_the_record_names_both_numbers() -> None:
    items = Items(
        torch.randn(20, 3, generator=torch.Generator().manual_seed(0)), torch.arange(20) % 4, torch.arange(20)
    )
    assert ENTRY.of_embeddings is not None and ENTRY.of_ranking is None
    assert set(ENTRY.of_embeddings(items, 0)) == set(ENTRY.labels) == {"nmi", "ami"}
