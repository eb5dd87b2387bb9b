"""Properties of an epoch's batches, for any counts of images per class."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from robust_dml.data.loading.sampler import epoch_batches
from robust_dml.runtime.errors import UserError

cases = st.tuples(st.lists(st.integers(1, 9), min_size=2, max_size=25), st.integers(2, 6), st.integers(2, 4))


def labels_of(counts: list[int], shuffled_by: int = 0) -> np.ndarray:
    """Labels that are neither sorted nor consecutive."""
    labels = 7 + 3 * np.repeat(np.arange(len(counts)), counts)
    return np.random.default_rng(shuffled_by).permutation(labels)


def possible(counts: list[int], classes: int, samples: int) -> bool:
    return sum(count >= samples for count in counts) >= classes


@given(cases, st.integers(0, 100), st.integers(0, 100))
def test_batches_are_whole_and_no_image_comes_twice(case: tuple, seed: int, epoch: int) -> None:
    counts, classes, samples = case
    assume(possible(counts, classes, samples))
    labels = labels_of(counts)
    batches = epoch_batches(labels, classes, samples, seed=seed, epoch=epoch)
    assert batches
    for batch in batches:
        found, times = np.unique(labels[batch], return_counts=True)
        assert len(found) == classes and (times == samples).all()
    used = np.concatenate(batches)
    assert len(set(used.tolist())) == len(used)


@given(cases)
def test_epoch_goes_on_while_a_batch_can_be_drawn(case: tuple) -> None:
    counts, classes, samples = case
    assume(possible(counts, classes, samples))
    labels = labels_of(counts)
    used = np.concatenate(epoch_batches(labels, classes, samples, seed=0, epoch=0))
    left = np.bincount(np.delete((labels - 7) // 3, used), minlength=len(counts))
    assert (left >= samples).sum() < classes


@given(cases)
def test_classes_with_too_few_images_are_never_drawn(case: tuple) -> None:
    counts, classes, samples = case
    assume(possible(counts, classes, samples))
    labels = labels_of(counts)
    used = {
        (label - 7) // 3
        for batch in epoch_batches(labels, classes, samples, seed=0, epoch=0)
        for label in labels[batch]
    }
    assert all(counts[label] >= samples for label in used)


@given(cases)
def test_epoch_is_a_function_of_seed_and_epoch(case: tuple) -> None:
    counts, classes, samples = case
    assume(possible(counts, classes, samples))
    labels = labels_of(counts)
    first, second = (epoch_batches(labels, classes, samples, seed=3, epoch=8) for _ in range(2))
    assert [batch.tolist() for batch in first] == [batch.tolist() for batch in second]


def test_seeds_and_epochs_differ() -> None:
    labels = labels_of([20] * 30)
    drawn = {
        (seed, epoch): np.concatenate(epoch_batches(labels, 10, 2, seed=seed, epoch=epoch)).tolist()
        for seed in range(2)
        for epoch in range(2)
    }
    assert len({tuple(order) for order in drawn.values()}) == 4


@given(cases)
def test_too_few_classes_are_an_error_with_the_numbers(case: tuple) -> None:
    counts, classes, samples = case
    assume(not possible(counts, classes, samples))
    enough = sum(count >= samples for count in counts)
    with pytest.raises(UserError, match=f"{classes} classes x {samples} images.*{enough} of {len(counts)} training"):
        epoch_batches(labels_of(counts), classes, samples, seed=0, epoch=0)


def test_paper_sized_epoch() -> None:
    """CUB-like counts: the released code's sampler forms 50 whole batches of 56 x 2 (55 with the partial ones)."""
    labels = labels_of([60] * 64 + [50] * 36)
    batches = epoch_batches(labels, 56, 2, seed=0, epoch=0)
    assert 47 <= len(batches) <= 50 and all(len(batch) == 112 for batch in batches)


def test_classes_are_drawn_in_proportion_to_their_images() -> None:
    """First batches of one class each: the law of the released code, share of images left."""
    labels = np.repeat([0, 1, 2], [60, 30, 10])
    first = [labels[epoch_batches(labels, 1, 2, seed=0, epoch=epoch)[0][0]] for epoch in range(1500)]
    np.testing.assert_allclose(np.bincount(first) / 1500, [0.6, 0.3, 0.1], atol=0.04)


def test_two_classes_of_a_batch_follow_drawing_without_replacement() -> None:
    labels = np.repeat([0, 1, 2], [60, 30, 10])
    epochs = [epoch_batches(labels, 2, 2, seed=0, epoch=epoch)[0] for epoch in range(1500)]
    left_out = np.array([3 - sum(set(labels[batch].tolist())) for batch in epochs])
    share = np.array([0.6, 0.3, 0.1])
    expected = [
        sum(share[i] * share[j] / (1 - share[i]) for i in range(3) for j in range(3) if len({i, j, out}) == 3)
        for out in range(3)
    ]
    np.testing.assert_allclose(np.bincount(left_out, minlength=3) / 1500, expected, atol=0.04)


def test_images_of_a_class_are_equally_likely() -> None:
    labels = labels_of([4, 4])
    drawn = [epoch_batches(labels, 2, 3, seed=0, epoch=epoch)[0] for epoch in range(800)]
    assert (np.abs(np.bincount(np.concatenate(drawn)) / 800 - 0.75) < 0.07).all()
