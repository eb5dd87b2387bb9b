"""Images and embeddings of a few queries, for figures and the report page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from robust_dml.evaluation.blocks import Arrays
from robust_dml.evaluation.score import Clean
from robust_dml.evaluation.target import Subject
from robust_dml.runtime.files import replacing

NEIGHBOURS = 5
EMBEDDINGS = 1000


def write_examples(path: Path, subject: Subject, clean: Clean, examples: np.ndarray, arrays: Arrays | None) -> None:
    """Write examples.npz: the example queries before and after the headline attack, with their neighbours."""
    queries, gallery = subject.queries, subject.gallery
    attacked = queries.embeddings.cpu().numpy() if arrays is None else arrays["embeddings"]
    images = subject.images(examples).cpu().numpy() if arrays is None else arrays["images"]
    at = subject.tensor(examples)
    after = subject.rank(subject.finite(attacked[examples], at), at)
    before = clean.masked.positions[at, :NEIGHBOURS], after.positions[:, :NEIGHBOURS]
    near = np.unique(torch.cat(before).cpu().numpy())
    near = near[near >= 0]
    some = spread(len(queries.ids), EMBEDDINGS)
    ids, labels = queries.ids.cpu().numpy(), queries.labels.cpu().numpy()
    contents = {
        "id": ids[examples],
        "label": labels[examples],
        "clean": queries.part.test_images(examples).numpy(),
        "adversarial": images.astype(np.float32),
        "neighbours_clean": _ids(gallery.ids, before[0]),
        "neighbours_adversarial": _ids(gallery.ids, before[1]),
        "neighbour_ids": gallery.ids.cpu().numpy()[near],
        "neighbour_labels": gallery.labels.cpu().numpy()[near],
        "neighbour_images": gallery.part.test_images(near).numpy(),
        "embedding_id": ids[some],
        "embedding_label": labels[some],
        "embedding_clean": queries.embeddings.cpu().numpy()[some],
        "embedding_adversarial": attacked[some],
    }
    with replacing(path) as temporary, temporary.open("wb") as stream:
        np.savez_compressed(stream, **contents)


def _ids(ids: torch.Tensor, positions: torch.Tensor) -> np.ndarray:
    return torch.where(positions >= 0, ids[positions], -1).cpu().numpy()


def spread(length: int, count: int) -> np.ndarray:
    """At most `count` numbers below `length`, evenly spaced, ascending."""
    return np.unique(np.linspace(0, length - 1, min(count, length)).round().astype(np.int64))
