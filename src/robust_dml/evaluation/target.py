"""The model under attack, its clean queries and the gallery that they are compared with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from robust_dml.attacks.frozen import Embed
from robust_dml.config import Run, Study
from robust_dml.config.resolve import backbone_of, optimisation_of
from robust_dml.data import open_dataset
from robust_dml.data.loading.dataset import Dataset, Part
from robust_dml.evaluation.kept import Kept
from robust_dml.evaluation.sample import evaluated_parts
from robust_dml.evaluation.trained import verified_model
from robust_dml.models.embed_part import as_pixels, embed_part
from robust_dml.models.folding import frozen_embedding
from robust_dml.models.load import load_model
from robust_dml.retrieval.items import Items
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.hardware import take_device

Positions = NDArray[np.int64]
AGAIN = 7  # images of a batch of the second pass, which no batch of the first has


@dataclass(frozen=True)
class Target:
    """A model on its device, its weights fixed, with clean queries and gallery; all tensors on that device."""

    embed: Embed
    device: str
    layout: torch.memory_format
    part: Part
    """The images of the queries."""
    queries: Items
    gallery: Items
    gallery_part: Part
    """The images of the gallery, which may be those of the queries."""
    seed: int
    model_sha256: str
    data_sha256: str
    training: Callable[[], Part | None] = lambda: None
    """Return the images of training, of which no class is tested; None if the dataset has none."""
    kept: Kept = field(default_factory=Kept)
    """What a killed job had computed."""

    def images(self, positions: Positions) -> Tensor:
        """Return query images, float32 (B, 3, H, W) in [0, 1]."""
        return as_pixels(self.part.test_images(positions), self.device, self.layout)

    def gallery_images(self, positions: Positions) -> Tensor:
        """Return gallery images, float32 (B, 3, H, W) in [0, 1]."""
        return as_pixels(self.gallery_part.test_images(positions), self.device, self.layout)

    def tensor(self, values: np.ndarray) -> Tensor:
        """Return an array as a tensor on the model's device."""
        return torch.from_numpy(values).to(self.device)


def load_target(study: Study, run: Run) -> Target:
    """Load a trained model and embed its queries and gallery. Raises UserError if anything of it is missing."""
    device = take_device(study.device)
    dataset = open_dataset(study.datasets[run.dataset], study.data_root)
    layout = torch.channels_last if optimisation_of(study, run).channels_last else torch.contiguous_format
    path, sha256 = verified_model(study, run)
    loaded = load_model(path, backbone_of(study, run)[1], data_root=study.data_root)
    embed = frozen_embedding(loaded.to(device=device, memory_format=layout), layout)  # type: ignore[call-overload]
    batch = study.evaluation.batch
    part, gallery_part = evaluated_parts(study, dataset)
    queries = _embedded(embed, part, device, layout, batch)
    gallery = queries if gallery_part is part else _embedded(embed, gallery_part, device, layout, batch)
    sides = (part, queries, gallery, gallery_part)
    return Target(embed, device, layout, *sides, run.seed, sha256, dataset.sha256, partial(_training_part, dataset))


def _training_part(dataset: Dataset) -> Part | None:
    return dataset.part("train") if dataset.index.training(dataset.config.split).any() else None


def embed_again(target: Target, positions: Positions) -> NDArray[np.float32]:
    """Return clean query embeddings (B, d) from passes in reversed order and in batches of 7.

    They equal those of the first pass unless the model is random, or an embedding depends on the rest of its batch.
    """
    found = []
    with torch.no_grad():
        for rows in np.array_split(positions[::-1], max(1, -(-len(positions) // AGAIN))):
            found.append(target.embed(target.images(rows)).float().cpu().numpy())
    return np.concatenate(found)[::-1].copy()


def _embedded(embed: Embed, part: Part, device: str, layout: torch.memory_format, batch: int) -> Items:
    embeddings = embed_part(embed, part, device, layout, batch)
    failed = int((~torch.isfinite(embeddings).all(1)).sum())
    if failed:
        raise UserError(
            f"the embeddings of {failed} of {len(part)} clean images are not finite; the model cannot be evaluated,"
            " train it again"
        )
    return Items.of(embeddings, part)
