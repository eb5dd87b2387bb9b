"""Recall@1 in training against plain loops."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from robust_dml.config.attacks import TrainingAttackConfig
from robust_dml.runtime.errors import UserError
from robust_dml.training.distributed import Processes
from robust_dml.training.validation import Validation

ATTACK = TrainingAttackConfig(optimiser="fgsm", epsilon=0.1)


@dataclass(frozen=True)
class Images:
    """As much of a dataset's part as validation uses."""

    ids: NDArray[np.int64]
    labels: NDArray[np.int64]
    images: Tensor

    def __len__(self) -> int:
        return len(self.ids)

    def test_images(self, positions: Tensor) -> Tensor:
        return self.images[positions]


def part(count: int, first_id: int, seed: int) -> Images:
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 256, (count, 3, 2, 2), dtype=torch.uint8, generator=generator)
    labels = torch.randint(0, 4, (count,), generator=generator)
    images[:, 0] = (images[:, 0] // 4 + 48 * labels[:, None, None]).to(torch.uint8)
    return Images(np.arange(first_id, first_id + count), labels.numpy(), images)


def embed(images: Tensor) -> Tensor:
    return torch.nn.functional.normalize(images.flatten(1) @ MATRIX, dim=1)


MATRIX = torch.randn(12, 5, generator=torch.Generator().manual_seed(9))


def plain_recall(queries: Images, gallery: Images, embeddings: Tensor) -> tuple[float, list[bool]]:
    others = embed(gallery.images.float() / 255)
    right = []
    for query, (identity, label) in enumerate(zip(queries.ids, queries.labels, strict=True)):
        distances = (others - embeddings[query]).norm(dim=1)
        distances[torch.from_numpy(gallery.ids == identity)] = torch.inf
        right.append(bool(gallery.labels[distances.argmin()] == label))
    return sum(right) / len(right), right


def validation(queries: Images, gallery: Images) -> Validation:
    return Validation(queries, gallery, ATTACK, 0, "cpu", Processes())  # type: ignore[arg-type]


def test_clean_recall_within_one_part_and_against_another() -> None:
    queries, gallery = part(60, 0, 1), part(80, 1000, 2)
    embeddings = embed(queries.images.float() / 255)
    assert abs(validation(queries, queries).recall(embed) - plain_recall(queries, queries, embeddings)[0]) < 1e-12
    assert abs(validation(queries, gallery).recall(embed) - plain_recall(queries, gallery, embeddings)[0]) < 1e-12


def test_the_attack_is_five_steps_of_pgd_on_what_is_right() -> None:
    queries = part(60, 0, 3)
    checked = validation(queries, queries)
    assert (checked.attack.optimiser, checked.attack.steps, checked.attack.epsilon) == ("pgd", 5, 0.1)
    seen: list[Tensor] = []

    def noting(images: Tensor) -> Tensor:
        seen.append(images.detach())
        return embed(images)

    recalls = checked.recalls(noting)
    _, right = plain_recall(queries, queries, embed(queries.images.float() / 255))
    attacked = seen[-1]
    assert len(attacked) == sum(right)
    originals = queries.images[torch.tensor(right)].float() / 255
    assert 0 < (attacked - originals).abs().max() <= 0.1 + 1e-6
    embeddings = embed(queries.images.float() / 255)
    embeddings[torch.tensor(right)] = embed(attacked)
    expected, _ = plain_recall(queries, queries, embeddings)
    assert abs(recalls.adversarial - expected) < 1e-12
    assert recalls.adversarial < recalls.clean
    assert checked.recalls(embed) == recalls


def test_the_spread_of_the_embeddings_in_a_plain_loop() -> None:
    queries = part(30, 0, 4)
    rows = embed(queries.images.float() / 255).double()
    mean = sum(rows) / len(rows)
    squares = sum(float((row - mean).square().sum()) for row in rows) / len(rows)
    lengths = sum(float(row.square().sum()) for row in rows) / len(rows)
    assert abs(validation(queries, queries).recalls(embed).spread - (squares / lengths) ** 0.5) < 1e-9


def test_embeddings_that_are_not_finite_are_one_line() -> None:
    queries = part(10, 0, 5)

    def broken(images: Tensor) -> Tensor:
        found = embed(images).clone()
        found[2:5] = torch.nan
        return found

    with pytest.raises(UserError, match="embeddings of 3 of 10 images are not finite"):
        validation(queries, queries).recalls(broken)


def test_queries_whose_adversarial_embeddings_are_not_finite_are_broken() -> None:
    queries = part(40, 0, 6)
    calls = []

    def breaks_under_attack(images: Tensor) -> Tensor:
        calls.append(images)
        return embed(images) * (1.0 if len(calls) == 1 else torch.nan)

    found = validation(queries, queries).recalls(breaks_under_attack)
    assert found.clean > 0
    assert found.adversarial == 0
