"""Images and embeddings of a few queries, for figures and the report page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from robust_dml.evaluation.attacked import Attacked
from robust_dml.evaluation.sample import evenly_spaced, example_order
from robust_dml.runtime.files import replacing

if TYPE_CHECKING:
    from robust_dml.evaluation.score import Evaluation

NEIGHBOURS = 5
EMBEDDINGS = 1000


def write_examples(path: Path, evaluation: Evaluation, attacked: Attacked) -> None:
    """Write examples.npz: the example queries before and after the headline attack, with their neighbours."""
    queries, gallery = evaluation.queries, evaluation.gallery
    shown = np.sort(example_order(len(queries), evaluation.study.report.examples))
    before = evaluation.clean.positions[shown, :NEIGHBOURS]
    after = evaluation.ranking(attacked.embeddings).positions[shown, :NEIGHBOURS]
    near = np.unique(torch.cat([before, after]).numpy())
    near = near[near >= 0]
    some = evenly_spaced(len(queries), EMBEDDINGS)
    ids, labels = queries.ids.numpy(), queries.labels.numpy()
    contents = {
        "id": ids[shown],
        "label": labels[shown],
        "clean": evaluation.part.test_images(shown).numpy(),
        "adversarial": attacked.pixels()[np.searchsorted(attacked.image_positions, shown)],
        "neighbours_clean": _ids(gallery.ids, before),
        "neighbours_adversarial": _ids(gallery.ids, after),
        "neighbour_ids": gallery.ids.numpy()[near],
        "neighbour_labels": gallery.labels.numpy()[near],
        "neighbour_images": evaluation.gallery_part.test_images(near).numpy(),
        "embedding_id": ids[some],
        "embedding_label": labels[some],
        "embedding_clean": queries.embeddings.numpy()[some],
        "embedding_adversarial": attacked.embeddings[some],
    }
    with replacing(path) as temporary, temporary.open("wb") as stream:
        np.savez_compressed(stream, **contents)


def _ids(ids: torch.Tensor, positions: torch.Tensor) -> NDArray[np.int64]:
    found: NDArray[np.int64] = torch.where(positions >= 0, ids[positions], -1).numpy()
    return found
