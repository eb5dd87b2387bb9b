"""Nearest neighbours against a sorted list of exact distances."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from robust_dml.retrieval import candidates, search


@pytest.fixture(params=["product", "faiss"], scope="module", autouse=True)
def finder(request: pytest.FixtureRequest) -> Iterator[None]:
    """Each test twice: with what small galleries are searched with, and with what large ones are."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "faiss":
            patch.setattr(candidates, "SMALL", 0)
        yield


def naive(
    queries: Tensor, gallery: Tensor, k: int, query_ids: list[int] | None = None, gallery_ids: list[int] | None = None
) -> list[list[int]]:
    """Positions by float64 distance and then id, without items of the query's id; -1 where there are no more."""
    result = []
    for row, query in enumerate(queries.double()):
        squared = (gallery.double() - query).square().sum(1).tolist()
        ids = range(len(gallery)) if gallery_ids is None else gallery_ids
        own = None if query_ids is None else query_ids[row]
        ranked = sorted((d, i, position) for position, (d, i) in enumerate(zip(squared, ids, strict=True)) if i != own)
        result.append([position for _, _, position in ranked[:k]] + [-1] * (k - len(ranked)))
    return result


@st.composite
def problems(draw: Any) -> tuple[Tensor, Tensor, int, list[int], list[int]]:
    """Queries and a gallery on a coarse grid, full of duplicates and ties; some queries are in the gallery."""
    size, d = draw(st.integers(1, 40)), draw(st.integers(1, 4))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    levels = draw(st.sampled_from([1, 2, 3, 100]))
    gallery = torch.randint(0, levels, (size, d), generator=generator).float() / levels
    count = draw(st.integers(1, 12))
    taken = torch.randint(0, size, (count,), generator=generator)
    queries = gallery[taken] + draw(st.sampled_from([0.0, 0.25])) * torch.randn(count, d, generator=generator)
    ids = torch.randperm(size, generator=generator) + 50
    query_ids = torch.where(torch.rand(count, generator=generator) < 0.7, ids[taken], -1)
    return queries, gallery, draw(st.integers(1, 12)), query_ids.tolist(), ids.tolist()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@given(problem=problems())
def test_masked_and_ties_by_lowest_id(
    dtype: torch.dtype, problem: tuple[Tensor, Tensor, int, list[int], list[int]]
) -> None:
    queries, gallery, k, query_ids, ids = problem
    queries, gallery = queries.to(dtype), gallery.to(dtype)
    found = search(queries, gallery, k, query_ids=torch.tensor(query_ids), gallery_ids=torch.tensor(ids))
    assert found.positions.tolist() == naive(queries, gallery, k, query_ids, ids)
    for row, positions in enumerate(found.positions.tolist()):
        for rank, position in enumerate(positions):
            exact = float("inf") if position < 0 else float((queries[row] - gallery[position]).double().norm())
            assert float(found.distances[row, rank]) == pytest.approx(
                exact, abs=2e-3 if dtype == torch.float32 else 1e-7
            )


@given(problem=problems())
def test_without_ids_the_whole_gallery_competes(problem: tuple[Tensor, Tensor, int, list[int], list[int]]) -> None:
    queries, gallery, k, _, _ = problem
    assert search(queries, gallery, k).positions.tolist() == naive(queries, gallery, k)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_matrix_product_and_faiss_agree(scale: float, monkeypatch: pytest.MonkeyPatch) -> None:
    generator = torch.Generator().manual_seed(0)
    gallery = scale * torch.nn.functional.normalize(torch.randn(3000, 16, generator=generator), dim=1)
    gallery[100:110] = gallery[2000]
    ids = torch.randperm(3000, generator=generator)
    by_faiss = search(gallery, gallery, 9, query_ids=ids, gallery_ids=ids)
    monkeypatch.setattr(candidates, "_by_faiss", candidates._by_product)
    by_product = search(gallery, gallery, 9, query_ids=ids, gallery_ids=ids)
    assert torch.equal(by_faiss.positions, by_product.positions)
    assert by_faiss.positions[:30].tolist() == naive(gallery[:30], gallery, 9, ids[:30].tolist(), ids.tolist())


def test_collapsed_gallery_is_ordered_by_id() -> None:
    gallery, ids = torch.full((200, 8), 0.35), torch.arange(200).flip(0)
    found = search(gallery[:3], gallery, 4, query_ids=ids[:3], gallery_ids=ids)
    assert ids[found.positions].tolist() == [[0, 1, 2, 3]] * 3


def test_no_queries_have_no_neighbours() -> None:
    found = search(torch.zeros(0, 3), torch.zeros(4, 3), 2)
    assert found.positions.shape == found.distances.shape == (0, 2)


def test_half_precision_is_searched_in_float32() -> None:
    gallery = torch.randn(50, 8, generator=torch.Generator().manual_seed(0)).to(torch.bfloat16)
    assert search(gallery, gallery, 3).positions.tolist() == naive(gallery.float(), gallery.float(), 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((torch.zeros(2, 3), torch.zeros(4, 2), 1), "must be"),
        ((torch.zeros(2, 3), torch.zeros(0, 3), 1), "must be"),
        ((torch.full((2, 3), torch.nan), torch.zeros(4, 3), 1), "finite"),
        ((torch.zeros(2, 3), torch.full((4, 3), torch.inf), 1), "finite"),
    ],
)
def test_mistakes_are_told(arguments: tuple[Tensor, Tensor, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        search(*arguments)


def test_one_kind_of_ids_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="query_ids and gallery_ids"):
        search(torch.zeros(2, 3), torch.zeros(4, 3), 1, query_ids=torch.arange(2))
