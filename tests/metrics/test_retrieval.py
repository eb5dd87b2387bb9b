"""Retrieval metrics against naive double loops, against pytorch-metric-learning, and the drop-first trap."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
from torch import Tensor
from torch.nn.functional import normalize

from robust_dml.metrics import retrieval_metrics
from robust_dml.retrieval.protocols import Protocol
from robust_dml.retrieval.ranking import RECALL_RANKS


def naive_metrics(
    queries: Tensor,
    query_labels: Tensor,
    query_ids: Tensor,
    gallery: Tensor,
    labels: Tensor,
    ids: Tensor,
    *,
    drop: bool,
) -> dict[str, float]:
    """Query by query and neighbour by neighbour."""
    columns: dict[str, list[float]] = {}
    for query in range(len(queries)):
        own = int(query_ids[query])
        squared = (gallery.double() - queries[query].double()).square().sum(1).tolist()
        ranked = [p for _, _, p in sorted((squared[p], p if drop else int(ids[p]), p) for p in range(len(gallery)))]
        if own in ids.tolist():
            ranked = ranked[1:] if drop else [p for p in ranked if int(ids[p]) != own]
        relevant = sum(int(labels[p]) == int(query_labels[query]) and int(ids[p]) != own for p in range(len(gallery)))
        if relevant == 0:
            continue
        hits = [int(labels[p]) == int(query_labels[query]) for p in ranked]
        for k in RECALL_RANKS:
            columns.setdefault(f"recall@{k}", []).append(any(hits[:k]))
        columns.setdefault("r-precision", []).append(sum(hits[:relevant]) / relevant)
        precisions = [sum(hits[: i + 1]) / (i + 1) for i in range(min(relevant, len(hits))) if hits[i]]
        columns.setdefault("map@r", []).append(sum(precisions) / relevant)
    names = (*(f"recall@{k}" for k in RECALL_RANKS), "r-precision", "map@r")
    return {name: sum(columns[name]) / len(columns[name]) if name in columns else 0.0 for name in names}


@st.composite
def problems(draw: Any) -> tuple[Tensor, ...]:
    size, classes = draw(st.integers(2, 30)), draw(st.integers(1, 6))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    gallery = torch.randn(size, 3, generator=generator)
    if draw(st.booleans()):
        gallery = gallery.round()  # duplicates and ties
    labels, ids = torch.randint(0, classes, (size,), generator=generator), torch.randperm(size, generator=generator)
    count = draw(st.integers(1, size))
    queries = gallery[:count] + draw(st.sampled_from([0.0, 0.5])) * torch.randn(count, 3, generator=generator)
    foreign = draw(st.booleans())  # queries that are not in the gallery, some of a class it lacks
    query_ids = ids[:count] + (1000 if foreign else 0)
    query_labels = labels[:count] + (torch.arange(count) % 2 if foreign else 0)
    return queries, query_labels, query_ids, gallery, labels, ids


@pytest.mark.parametrize("protocol", ["masked", "as-released"])
@given(problem=problems())
def test_against_double_loops(protocol: Protocol, problem: tuple[Tensor, ...]) -> None:
    queries, query_labels, query_ids, gallery, labels, ids = problem
    found = retrieval_metrics(
        queries, query_labels, gallery, labels, query_ids=query_ids, gallery_ids=ids, protocol=protocol
    )
    naive = naive_metrics(queries, query_labels, query_ids, gallery, labels, ids, drop=protocol == "as-released")
    assert found == pytest.approx(naive, abs=1e-12)


def clustered(classes: int, members: int, d: int = 16) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(classes).repeat_interleave(members)
    centres = torch.randn(classes, d, generator=generator)
    return normalize(centres[labels] + 1.5 * torch.randn(len(labels), d, generator=generator)), labels


def test_against_pytorch_metric_learning_on_clean_data() -> None:
    embeddings, labels = clustered(20, 15)
    ids = torch.arange(len(labels))
    found = retrieval_metrics(embeddings, labels, embeddings, labels, query_ids=ids, gallery_ids=ids)
    names = {"precision_at_1": "recall@1", "r_precision": "r-precision", "mean_average_precision_at_r": "map@r"}
    calculator = AccuracyCalculator(include=tuple(names), k="max_bin_count", device=torch.device("cpu"))
    theirs = calculator.get_accuracy(embeddings, labels, embeddings, labels, ref_includes_query=True)
    for their_name, name in names.items():
        assert 0.1 < found[name] < 0.9
        assert found[name] == pytest.approx(theirs[their_name], abs=1e-6)


def test_the_drop_first_trap() -> None:
    """Just past half way to the nearest wrong item: all queries fail, the released protocol calls most right."""
    classes, members, d = 100, 40, 128
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(classes).repeat_interleave(members)
    centres = normalize(torch.randn(classes, d, generator=generator))
    gallery = normalize(centres[labels] + 0.1 * torch.randn(len(labels), d, generator=generator))
    ids = torch.arange(len(labels))
    distances = torch.cdist(gallery, gallery).masked_fill(labels[:, None] == labels, torch.inf)
    moved = normalize(gallery + 0.55 * (gallery[distances.argmin(1)] - gallery))
    given = (moved, labels, gallery, labels)
    masked = retrieval_metrics(*given, query_ids=ids, gallery_ids=ids)
    released = retrieval_metrics(*given, query_ids=ids, gallery_ids=ids, protocol="as-released")
    assert masked["recall@1"] == 0
    assert released["recall@1"] > 0.9


def test_without_ids_no_query_is_in_the_gallery() -> None:
    embeddings, labels = clustered(4, 5)
    for protocol in ("masked", "as-released"):
        found = retrieval_metrics(embeddings, labels, embeddings, labels, protocol=protocol)
        assert found["recall@1"] == 1


def test_nothing_to_find_is_zero_and_not_an_error() -> None:
    embeddings, labels, ids = torch.randn(4, 3), torch.arange(4), torch.arange(4)
    found = retrieval_metrics(embeddings, labels, embeddings, labels, query_ids=ids, gallery_ids=ids)
    assert set(found.values()) == {0.0}


def test_unknown_protocol() -> None:
    wrong: Any = "released"
    with pytest.raises(ValueError, match="protocol"):
        retrieval_metrics(torch.zeros(1, 2), torch.zeros(1), torch.zeros(1, 2), torch.zeros(1), protocol=wrong)
