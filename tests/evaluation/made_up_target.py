"""A target made of images and an embedding, without a study."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from robust_dml.data.loading.dataset import Part
from robust_dml.evaluation.attack import unperturbed
from robust_dml.evaluation.attacked import Attacked
from robust_dml.evaluation.target import Target
from robust_dml.retrieval import Items, rank


@dataclass(frozen=True)
class Images:
    """Packed images in memory."""

    pixels: NDArray[np.uint8]

    def rows(self, ids: NDArray[np.int64]) -> NDArray[np.uint8]:
        return self.pixels[ids]


def target_of(embed: Callable[[Tensor], Tensor], pixels: NDArray[np.uint8], labels: list[int]) -> Target:
    """Images uint8 (N, H, W, 3) are queries and gallery."""
    part = Part(
        np.arange(len(pixels)), np.array(labels), np.zeros((len(pixels), 0), dtype=np.int64), Images(pixels), None
    )  # type: ignore[arg-type]
    with torch.no_grad():
        embeddings = embed(torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255)
    items = Items(embeddings, torch.tensor(labels), torch.arange(len(pixels)))
    return Target(embed, "cpu", torch.contiguous_format, part, items, items, part, 0, "", "")


def clean(target: Target) -> Attacked:
    """The unperturbed queries, no image kept."""
    return unperturbed(target, np.zeros(0, dtype=np.int64))


def right(target: Target, attacked: Attacked) -> NDArray[np.bool_]:
    """Which queries have a neighbour of their class."""
    placed = target.queries.embedded_as(torch.from_numpy(attacked.embeddings))
    return rank(placed, target.gallery).right.numpy()
