"""Objectives against naive loops, and where distances are zero or half precision."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from robust_dml.attacks.objectives import attract, margin, repel
from robust_dml.retrieval import Items

seeds = st.integers(0, 2**31)


def vectors(count: int, seed: int, d: int = 4) -> Tensor:
    return torch.randn(count, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def numbered(embeddings: Tensor, classes: int, first_id: int = 0) -> Items:
    """Items whose labels go round the classes."""
    return Items(embeddings, torch.arange(len(embeddings)) % classes, torch.arange(len(embeddings)) + first_id)


def naive_distance(a: Tensor, b: Tensor) -> float:
    return math.sqrt(sum((x - y) ** 2 for x, y in zip(a.tolist(), b.tolist(), strict=True)))


@given(seed=seeds)
def test_repel_and_attract(seed: int) -> None:
    embeddings, positives, negatives = (vectors(5, seed + i) for i in range(3))
    away = [naive_distance(e, p) for e, p in zip(embeddings, positives, strict=True)]
    near = [naive_distance(e, n) for e, n in zip(embeddings, negatives, strict=True)]
    assert repel(positives)(embeddings).tolist() == pytest.approx(away)
    assert attract(negatives)(embeddings).tolist() == pytest.approx([-d for d in near])
    both = repel(positives) + attract(negatives)
    assert both(embeddings).tolist() == pytest.approx([a - n for a, n in zip(away, near, strict=True)])
    index = torch.tensor([3, 0])
    assert torch.equal(both.rows(index)(embeddings[index]), both(embeddings)[index])


def naive_margin(query: int, embedding: Tensor, gallery: Tensor, labels: Tensor, *, masked: bool) -> float:
    distances = {0: [], 1: []}  # type: dict[int, list[float]]
    for item in range(len(gallery)):
        if not (masked and item == query):
            distances[int(labels[item] == labels[query])].append(naive_distance(embedding, gallery[item]))
    return min(distances[1], default=0.0) - min(distances[0], default=0.0)


@given(seed=seeds, masked=st.booleans())
def test_margin(seed: int, masked: bool) -> None:
    gallery, labels = vectors(30, seed), torch.arange(30) % 4
    labels[7] = 9  # alone in its class
    ids = torch.arange(30) + 100
    moved = gallery + 0.5 * vectors(30, seed + 1)
    objective = margin(Items(moved, labels, ids if masked else ids + 1000), Items(gallery, labels, ids))
    naive = [naive_margin(query, moved[query], gallery, labels, masked=masked) for query in range(30)]
    assert objective(moved).tolist() == pytest.approx(naive)
    with torch.no_grad():
        assert objective(moved).tolist() == pytest.approx(naive)


def soft_minimum(distances: Tensor) -> Tensor:
    nearest = distances.sort().values[:16]
    scale = 0.05 * nearest[0].detach()
    return -scale * (-nearest / scale).exp().sum().log()


@pytest.mark.parametrize(
    ("dtype", "offset", "tolerance"), [(torch.float64, 0, 1e-9), (torch.float32, 0, 1e-4), (torch.float32, 10, 2e-2)]
)
def test_the_gradient_is_that_of_soft_minima(dtype: torch.dtype, offset: float, tolerance: float) -> None:
    gallery, labels = vectors(60, 0, 16) + offset, torch.arange(60) % 2
    moved = (gallery + 0.5 * vectors(60, 1, 16)).requires_grad_()
    rows = []
    for query in range(60):
        far = (moved[query] - gallery).norm(dim=1)
        others, same = torch.arange(60) != query, labels == labels[query]
        rows.append(soft_minimum(far[others & same]) - soft_minimum(far[~same]))
    (expected,) = torch.autograd.grad(torch.stack(rows).sum(), moved)
    found = moved.detach().to(dtype).requires_grad_()
    ids = torch.arange(60)
    values = margin(Items(found.detach(), labels, ids), Items(gallery.to(dtype), labels, ids))(found)
    (gradient,) = torch.autograd.grad(values.sum(), found)
    torch.testing.assert_close(gradient.double(), expected, rtol=tolerance, atol=tolerance)


@given(seed=seeds)
def test_margin_of_some_rows(seed: int) -> None:
    gallery = vectors(20, seed)
    whole = margin(numbered(gallery, 3), numbered(gallery, 3))
    index = torch.tensor([4, 17, 2])
    assert torch.equal(whole.rows(index)(gallery[index]), whole(gallery)[index])


def test_margin_goes_away_from_the_positive_and_towards_the_negative() -> None:
    gallery = Items(torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.tensor([0, 1]), torch.tensor([0, 1]))
    query = torch.zeros(1, 2, requires_grad=True)
    margin(Items(query, torch.tensor([0]), torch.tensor([7])), gallery)(query).sum().backward()
    torch.testing.assert_close(query.grad, torch.tensor([[-1.0, 1.0]]))


def test_gradients_at_distance_zero_are_finite() -> None:
    gallery = torch.zeros(6, 3)
    items = Items(gallery, torch.tensor([0, 0, 1, 1, 2, 2]), torch.arange(6))
    for objective in (repel(gallery), attract(gallery), margin(items, items)):
        embeddings = gallery.clone().requires_grad_()
        objective(embeddings).sum().backward()
        assert embeddings.grad is not None
        assert torch.isfinite(embeddings.grad).all()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32, torch.float64])
def test_values_are_float32_or_better(dtype: torch.dtype) -> None:
    gallery = vectors(8, 0).to(dtype)
    expected = torch.float64 if dtype == torch.float64 else torch.float32
    for objective in (repel(gallery), attract(gallery), margin(numbered(gallery, 2, 100), numbered(gallery, 2))):
        embeddings = gallery.flip(0).clone().requires_grad_()
        values = objective(embeddings)
        values.sum().backward()
        assert values.dtype == expected
        assert embeddings.grad is not None
        assert embeddings.grad.dtype == dtype


def test_mistakes_are_told() -> None:
    with pytest.raises(ValueError, match="references"):
        repel(vectors(4, 0))(vectors(3, 0))
