"""Smoothing and its certificate against known answers: a half-space, linear embeddings, and loops."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from rankings import is_ignored
from robust_dml.evaluation.smoothing import Smoothed, certified_radii, error_of_mean, retrieval_guard_radii
from robust_dml.retrieval import Items, rank

SIGMA = 0.3


def items(seed: int, count: int, classes: int = 3, first: int = 0) -> Items:
    generator = torch.Generator().manual_seed(seed)
    return Items(
        torch.randn(count, 4, generator=generator).double(), torch.arange(count) % classes, torch.arange(count) + first
    )


def test_the_mean_of_a_half_space_is_known_and_its_slope_is_the_bound() -> None:
    """h = (sign(u x), 0) gives g = (2 Phi(u x / sigma) - 1, 0), whose slope at 0 is sqrt(2 / pi) / sigma."""
    smoothed = Smoothed(lambda x: torch.stack([x[:, 0].sign(), torch.zeros(len(x))], 1), SIGMA, seed=0)
    points = torch.tensor([[-0.4, 1.0], [0.0, 0.0], [0.02, 0.0], [0.3, 5.0]])
    found = smoothed.means(points, torch.arange(4), 40_000, "test")
    expected = torch.erf(points[:, 0] / (SIGMA * math.sqrt(2)))
    assert float((found[:, 0] - expected).abs().max()) < 3 / math.sqrt(40_000)
    slope = float(torch.erf(torch.tensor(1e-3 / (SIGMA * math.sqrt(2))))) / 1e-3
    assert slope == pytest.approx(smoothed.lipschitz, rel=1e-4)


def test_noise_is_a_function_of_the_image_and_not_of_the_batch() -> None:
    smoothed = Smoothed(lambda x: x.flatten(1), SIGMA, seed=0)
    images, ids = torch.rand(3, 1, 2, 2), torch.tensor([5, 6, 7])
    whole = smoothed.means(images, ids, 300, "test")
    torch.testing.assert_close(whole[1:2], smoothed.means(images[1:2], ids[1:2], 300, "test"), rtol=0, atol=0)
    torch.testing.assert_close(smoothed.fixed(images, ids, 300, "test")(images), whole)
    assert not torch.equal(whole, smoothed.means(images, ids, 300, "other"))


def test_the_mean_is_as_near_as_the_error_says() -> None:
    """The chance of a larger error is at most alpha; the samples here are the worst, spread over the whole sphere."""
    alpha, count = 0.1, 50
    generator = torch.Generator().manual_seed(0)
    draws = torch.nn.functional.normalize(torch.randn(2000, count, 16, generator=generator), dim=2)
    far = draws.mean(1).norm(dim=1) > error_of_mean(count, alpha)
    assert float(far.double().mean()) <= alpha
    assert error_of_mean(100_000, 0.001) == pytest.approx(0.0149, abs=1e-4)


def naive_radius(queries: Items, gallery: Items, place: int) -> float:
    best = -math.inf
    there = [p for p in range(len(gallery)) if not is_ignored(queries, gallery, place, p)]
    x = queries.embeddings[place]
    for a in [p for p in there if gallery.labels[p] == queries.labels[place]]:
        nearest = math.inf
        for b in [p for p in there if gallery.labels[p] != queries.labels[place]]:
            va, vb = gallery.embeddings[a], gallery.embeddings[b]
            middle, normal = (va + vb) / 2, (va - vb) / (va - vb).norm()
            nearest = min(nearest, float((x - middle) @ normal))
        best = max(best, nearest)
    return best


def test_the_radius_against_a_loop() -> None:
    gallery = items(0, 20)
    for queries in (gallery, items(1, 12, first=100)):
        found = certified_radii(queries, gallery, lipschitz=2.0, error=0.1)
        for place in range(len(queries)):
            assert float(found[place]) == pytest.approx((naive_radius(queries, gallery, place) - 0.1) / 2)
        right = rank(queries, gallery).right
        assert torch.equal(certified_radii(queries, gallery, lipschitz=1.0) > 0, right)


def test_it_is_never_below_the_bound_of_retrieval_guard() -> None:
    gallery, queries = items(0, 40), items(1, 30, first=100)
    sharp, guard = (bound(queries, gallery, lipschitz=1.0) for bound in (certified_radii, retrieval_guard_radii))
    right = rank(queries, gallery).right
    assert bool((sharp[right] >= guard[right] - 1e-12).all()) and bool((sharp[right] > 1.01 * guard[right]).any())


def test_exact_for_a_linear_embedding() -> None:
    """With one image of the class, the nearest wrong point is a radius away along the normal, and none is nearer."""
    turn = torch.linalg.qr(torch.randn(6, 6, generator=torch.Generator().manual_seed(2)).double()).Q[:4]
    weights = 3 * turn  # every image moves three times as far
    gallery = Items(items(0, 8).embeddings, torch.tensor([0, *[1] * 7]), torch.arange(8))
    images = torch.linalg.pinv(weights) @ (gallery.embeddings[0] + 0.1 * items(3, 5).embeddings).T
    queries = Items((weights @ images).T, torch.zeros(5, dtype=torch.long), torch.arange(100, 105))
    radii = certified_radii(queries, gallery, lipschitz=3.0)
    assert bool((radii > 0).all())
    for image, radius, query in zip(images.T, radii, queries.embeddings, strict=True):
        normals = gallery.embeddings[1:] - gallery.embeddings[0]
        directions = torch.nn.functional.normalize(normals @ weights, dim=1)

        def wrong(step: float, at: Tensor = image, ways: Tensor = directions) -> bool:
            moved = (at + step * ways) @ weights.T
            return bool((torch.cdist(moved, gallery.embeddings).argmin(1) > 0).any())

        assert wrong(1.0001 * float(radius)) and not wrong(0.9999 * float(radius))
        assert query.shape == (4,)


def test_nothing_right_is_not_certified_and_nothing_wrong_is_always() -> None:
    gallery = Items(torch.randn(3, 2).double(), torch.zeros(3, dtype=torch.long), torch.arange(3))
    queries = Items(torch.randn(2, 2).double(), torch.tensor([0, 1]), torch.arange(10, 12))
    assert certified_radii(queries, gallery, lipschitz=1.0).tolist() == [math.inf, -math.inf]
