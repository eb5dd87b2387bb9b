"""What is evaluated: a trained model, the queries it is asked about and the gallery it looks in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from robust_dml.attacks.frozen import Embed
from robust_dml.config import Run, Study
from robust_dml.config.paths import model_folder
from robust_dml.config.resolve import backbone_of, optimisation_of
from robust_dml.data import open_dataset
from robust_dml.data.loading.dataset import Part
from robust_dml.models import EmbeddingModel, build_model
from robust_dml.models.folding import FoldedModel, FrozenEmbedding
from robust_dml.retrieval.protocols import Protocol, rank
from robust_dml.retrieval.ranking import Ranking
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.files import sha256_of
from robust_dml.runtime.hardware import take_device
from robust_dml.runtime.progress import track


@dataclass(frozen=True)
class Images:
    """A part of a dataset and what the model makes of it, clean."""

    part: Part
    ids: Tensor
    labels: Tensor
    embeddings: Tensor


@dataclass(frozen=True)
class Subject:
    """A model on its device, its weights fixed, with clean queries and gallery; all tensors on that device."""

    model: Embed
    device: str
    layout: torch.memory_format
    queries: Images
    gallery: Images
    seed: int
    model_sha256: str
    data_sha256: str

    def images(self, positions: np.ndarray) -> Tensor:
        """Query images, float32 (B, 3, H, W) in [0, 1]."""
        return _as_input(self.queries.part, positions, self.device, self.layout)

    def tensor(self, values: np.ndarray) -> Tensor:
        """An array on the model's device."""
        return torch.from_numpy(values).to(self.device)

    def finite(self, embeddings: np.ndarray, positions: Tensor) -> Tensor:
        """Embeddings (B, d) on the device, the clean ones where they are not finite; the count of those is a result."""
        given = self.tensor(embeddings)
        return torch.where(torch.isfinite(given).all(1, keepdim=True), given, self.queries.embeddings[positions])

    def rank(self, embeddings: Tensor, positions: Tensor | None = None, *, protocol: Protocol = "masked") -> Ranking:
        """The clean gallery ranked for query embeddings: of all queries, or of those at `positions`."""
        at = slice(None) if positions is None else positions
        return rank(
            embeddings,
            self.queries.labels[at],
            self.gallery.embeddings,
            self.gallery.labels,
            query_ids=self.queries.ids[at],
            gallery_ids=self.gallery.ids,
            protocol=protocol,
        )


def load_subject(study: Study, run: Run) -> Subject:
    """Load a trained model and embed its queries and gallery. Raises UserError if anything of it is missing."""
    device = take_device(study.device)
    dataset = open_dataset(study.datasets[run.dataset], study.data_root)
    layout = torch.channels_last if optimisation_of(study, run).channels_last else torch.contiguous_format
    loaded = _load_model(study, run).to(device=device, memory_format=layout)  # type: ignore[call-overload]
    model = FrozenEmbedding(FoldedModel(loaded), layout)
    batch = study.evaluation.batch
    queries = _embedded(model, dataset.part("test"), device, layout, batch)
    same = study.datasets[run.dataset].gallery == "test"
    gallery = queries if same else _embedded(model, dataset.part("train"), device, layout, batch)
    sha256 = model_sha256(study, run)
    return Subject(model, device, layout, queries, gallery, run.seed, sha256, dataset.sha256)


def model_sha256(study: Study, run: Run) -> str:
    """The hash of a trained model's file. Raises UserError if it is missing."""
    return sha256_of(_model_path(study, run))


def _model_path(study: Study, run: Run) -> Path:
    path = model_folder(study.name, run) / "model.safetensors"
    if not path.exists():
        raise UserError(f"{path}: no such model; run `robust-dml train` with the same names first")
    return path


def _load_model(study: Study, run: Run) -> EmbeddingModel:
    from safetensors.torch import load_file

    path = _model_path(study, run)
    backbone = backbone_of(study, run)[1].model_copy(update={"weights": "random"})
    model = build_model(backbone, seed=run.seed, data_root=study.data_root)
    try:
        model.load_state_dict(load_file(path))
    except RuntimeError as error:
        raise UserError(f"{path}: does not fit the backbone of the study; train the model again") from error
    return model.eval()


def _embedded(model: Embed, part: Part, device: str, layout: torch.memory_format, batch: int) -> Images:
    places = [np.arange(first, min(first + batch, len(part))) for first in range(0, len(part), batch)]
    with torch.no_grad():
        embeddings = torch.cat(
            [
                model(_as_input(part, positions, device, layout)).float()
                for positions in track(places, title="embedding clean images", unit="batch")
            ]
        )
    if not torch.isfinite(embeddings).all():
        raise UserError("the model's embeddings of clean images are not finite; train it again")
    ids, labels = (torch.as_tensor(np.asarray(values), device=device) for values in (part.ids, part.labels))
    return Images(part, ids, labels, embeddings)


def _as_input(part: Part, positions: np.ndarray, device: str, layout: torch.memory_format) -> Tensor:
    images = part.test_images(positions).to(device).float() / 255
    return images.contiguous(memory_format=layout)
