"""All retrieval metrics together: against pytorch-metric-learning, and the drop-first trap."""

from __future__ import annotations

import pytest
import torch
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
from torch import Tensor
from torch.nn.functional import normalize

from robust_dml.metrics import ranking_metrics, retrieval_metrics
from robust_dml.records import METRICS
from robust_dml.retrieval import Items, rank

EVERY = {"recall@1", "recall@2", "recall@4", "recall@8", "r-precision", "map@r"}


def clustered(classes: int, members: int, d: int = 16) -> Items:
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(classes).repeat_interleave(members)
    centres = torch.randn(classes, d, generator=generator)
    embeddings = normalize(centres[labels] + 1.5 * torch.randn(len(labels), d, generator=generator))
    return Items(embeddings, labels, torch.arange(len(labels)))


def test_against_pytorch_metric_learning_on_clean_data() -> None:
    items = clustered(20, 15)
    found = retrieval_metrics(items, items)
    names = {"precision_at_1": "recall@1", "r_precision": "r-precision", "mean_average_precision_at_r": "map@r"}
    calculator = AccuracyCalculator(include=tuple(names), k="max_bin_count", device=torch.device("cpu"))
    given: list[Tensor] = [items.embeddings, items.labels] * 2
    theirs = calculator.get_accuracy(*given, ref_includes_query=True)
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
    distances = torch.cdist(gallery, gallery).masked_fill(labels[:, None] == labels, torch.inf)
    moved = normalize(gallery + 0.55 * (gallery[distances.argmin(1)] - gallery))
    items = Items(gallery, labels, torch.arange(len(labels)))
    masked = retrieval_metrics(items.embedded_as(moved), items)
    released = retrieval_metrics(items.embedded_as(moved), items, protocol="as-released")
    assert masked["recall@1"] == 0
    assert released["recall@1"] > 0.9


def test_queries_with_other_ids_are_not_in_the_gallery() -> None:
    items = clustered(4, 5)
    copies = Items(items.embeddings, items.labels, items.ids + 100)
    for protocol in ("masked", "as-released"):
        assert retrieval_metrics(copies, items, protocol=protocol)["recall@1"] == 1  # type: ignore[arg-type]


def test_nothing_to_find_is_zero_and_not_an_error() -> None:
    items = Items(torch.randn(4, 3), torch.arange(4), torch.arange(4))
    found = retrieval_metrics(items, items)
    assert set(found) == EVERY
    assert set(found.values()) == {0.0}


def test_every_metric_lies_in_its_bounds_and_bears_the_names_of_its_record() -> None:
    items = clustered(10, 6)
    ranking = rank(items, items)
    for name in METRICS.names:
        record = METRICS.load(name)
        found = ranking_metrics(ranking, [name]) if record.of_ranking else dict(record.of_embeddings(items, 0))  # type: ignore[misc]
        assert set(found) == set(record.labels)
        assert all(record.bounds[0] <= value <= record.bounds[1] for value in found.values())


def test_a_query_whose_embedding_failed_is_wrong_in_every_metric() -> None:
    items = clustered(6, 5)
    ranking = rank(items, items)
    failed = torch.zeros(30, dtype=torch.bool)
    failed[[2, 9]] = True
    for name in ("recall", "r-precision", "map-at-r"):
        of_ranking = METRICS.load(name).of_ranking
        assert of_ranking is not None
        before, after = of_ranking(ranking), of_ranking(ranking.without(failed))
        for number in before:
            assert (after[number][failed] == 0).all()
            assert torch.equal(after[number][~failed], before[number][~failed])
