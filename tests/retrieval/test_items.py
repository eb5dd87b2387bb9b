"""Items: some of them, with other embeddings, and shapes that do not fit."""

from __future__ import annotations

import pytest
import torch

from robust_dml.retrieval import Items


def items() -> Items:
    return Items(torch.arange(12.0).view(4, 3), torch.tensor([5, 6, 7, 8]), torch.tensor([10, 11, 12, 13]))


def test_rows_keep_embedding_label_and_id_together() -> None:
    some = items().rows(torch.tensor([2, 0]))
    assert some.embeddings.tolist() == [[6.0, 7.0, 8.0], [0.0, 1.0, 2.0]]
    assert (some.labels.tolist(), some.ids.tolist(), len(some)) == ([7, 5], [12, 10], 2)


def test_other_embeddings_leave_labels_and_ids() -> None:
    moved = items().embedded_as(torch.zeros(4, 2))
    assert moved.embeddings.shape == (4, 2)
    assert torch.equal(moved.labels, items().labels) and torch.equal(moved.ids, items().ids)


@pytest.mark.parametrize(
    "shapes", [((4, 3), (3,), (4,)), ((4, 3), (4,), (5,)), ((4,), (4,), (4,)), ((2, 3), (4,), (4,))]
)
def test_shapes_that_do_not_fit_are_told(shapes: tuple[tuple[int, ...], ...]) -> None:
    with pytest.raises(ValueError, match=r"expected embeddings \(N, d\), labels \(N,\) and ids \(N,\), found"):
        Items(*(torch.zeros(shape) for shape in shapes))
