from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from robust_dml.data.index.splits import all_splits, held_out

counts = st.lists(st.integers(1, 6), min_size=2, max_size=30)


def labels_of(counts: list[int]) -> np.ndarray:
    return np.repeat(np.arange(len(counts)), counts)


@given(counts)
def test_sorted_trains_on_the_first_half_of_the_classes(counts: list[int]) -> None:
    labels = labels_of(counts)
    half = round(len(counts) / 2)  # the released code rounds, so 22,634 classes give 11,317
    assert set(labels[all_splits(labels)["sorted"]]) == set(range(half))


@given(counts)
def test_random_splits_share_no_class(counts: list[int]) -> None:
    labels = labels_of(counts)
    for draw in range(1, 6):
        training = all_splits(labels)[f"random-{draw}"]
        assert len(set(labels[training])) == round(len(counts) / 2)
        assert not set(labels[training]) & set(labels[~training])


@given(counts)
def test_samples_splits_put_half_of_each_class_on_either_side(counts: list[int]) -> None:
    labels = labels_of(counts)
    for draw in range(1, 6):
        training = all_splits(labels)[f"samples-{draw}"]
        assert np.bincount(labels[training], minlength=len(counts)).tolist() == [-(-n // 2) for n in counts]


def test_draws_differ_and_repeat() -> None:
    labels = labels_of([10] * 20)
    first, second = all_splits(labels), all_splits(labels)
    for kind in ("random", "samples"):
        masks = [first[f"{kind}-{draw}"] for draw in range(1, 6)]
        assert all((masks[i] != masks[j]).any() for i in range(5) for j in range(i))
    assert all((first[name] == second[name]).all() for name in first)


@given(counts, st.floats(0.01, 0.9))
def test_validation_holds_out_training_classes(counts: list[int], share: float) -> None:
    labels = labels_of(counts)
    training = all_splits(labels)["sorted"]
    held = held_out(labels, training, "sorted", share)
    assert not (held & ~training).any()
    assert not set(labels[held]) & set(labels[training & ~held])
    classes = round(len(counts) / 2)
    assert len(set(labels[held])) == min(max(1, round(share * classes)), classes - 1)


def test_validation_of_a_sample_split_holds_out_images_of_every_class() -> None:
    labels = labels_of([20, 20])
    training = all_splits(labels)["samples-1"]
    held = held_out(labels, training, "samples-1", 0.2)
    assert np.bincount(labels[held]).tolist() == [2, 2] and not (held & ~training).any()


def test_no_validation_by_default() -> None:
    assert not held_out(np.array([0, 1]), np.array([True, False]), "sorted", 0.0).any()
