"""The kept queries of one attacked model: adversarial images, neighbours before and after, embeddings."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from robust_dml.config import ModelName
from robust_dml.runtime.errors import UserError

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Examples:
    """examples.npz of a model. E queries are kept, with N distinct neighbours and M embeddings (M, d).

    Images in the arrays are (3, H, W), `clean` and `neighbour_images` uint8, `adversarial` float32 in [0, 1]; those
    that the methods return are float (H, W, 3) in [0, 1]. `neighbours_*` (E, K) hold ids, -1 if there is none.
    """

    model: ModelName
    id: np.ndarray
    label: np.ndarray
    clean: np.ndarray
    adversarial: np.ndarray
    neighbours_clean: np.ndarray
    neighbours_adversarial: np.ndarray
    neighbour_ids: np.ndarray
    neighbour_labels: np.ndarray
    neighbour_images: np.ndarray
    embedding_id: np.ndarray
    embedding_label: np.ndarray
    embedding_clean: np.ndarray
    embedding_adversarial: np.ndarray

    @cached_property
    def ids(self) -> list[int]:
        """The ids of the kept queries, E."""
        return [int(number) for number in self.id]

    @cached_property
    def _row(self) -> dict[int, int]:
        return {number: row for row, number in enumerate(self.ids)}

    @cached_property
    def _neighbour(self) -> dict[int, int]:
        return {int(number): row for row, number in enumerate(self.neighbour_ids)}

    def label_of(self, query: int) -> int:
        """Return the class of a query."""
        return int(self.label[self._row[query]])

    def clean_image(self, query: int) -> np.ndarray:
        """Return the unperturbed query."""
        return _upright(self.clean[self._row[query]]) / 255

    def adversarial_image(self, query: int) -> np.ndarray:
        """Return the query under the headline attack."""
        return _upright(self.adversarial[self._row[query]])

    def neighbours(self, query: int, *, attacked: bool) -> list[int]:
        """Return the ids of the nearest gallery images, nearest first; fewer if the gallery is smaller."""
        found = self.neighbours_adversarial if attacked else self.neighbours_clean
        return [int(number) for number in found[self._row[query]] if number >= 0]

    def neighbour_image(self, neighbour: int) -> np.ndarray:
        """Return a gallery image."""
        return _upright(self.neighbour_images[self._neighbour[neighbour]]) / 255

    def neighbour_label(self, neighbour: int) -> int:
        """Return the class of a gallery image."""
        return int(self.neighbour_labels[self._neighbour[neighbour]])

    def right(self, query: int, *, attacked: bool) -> bool:
        """Return whether the nearest neighbour has the query's class."""
        return self.neighbour_label(self.neighbours(query, attacked=attacked)[0]) == self.label_of(query)


_PER_QUERY = ("id", "label", "clean", "adversarial", "neighbours_clean", "neighbours_adversarial")
_PER_NEIGHBOUR = ("neighbour_ids", "neighbour_labels", "neighbour_images")
_PER_EMBEDDING = ("embedding_id", "embedding_label", "embedding_clean", "embedding_adversarial")


def read_examples(path: Path, model: ModelName) -> Examples | None:
    """Read examples.npz; None if there is no file. Raises UserError if the file is damaged or its arrays do not fit."""
    if not path.exists():
        return None
    arrays = _arrays(path)
    for names in (_PER_QUERY, _PER_NEIGHBOUR, _PER_EMBEDDING):
        lengths = {name: len(arrays[name]) for name in names}
        if len(set(lengths.values())) > 1:
            found = ", ".join(f"{name} {length}" for name, length in lengths.items())
            raise UserError(f"{path}: expected arrays of one length, found {found}; {AGAIN}")
    known = {*arrays["neighbour_ids"].tolist(), -1}
    named = {*arrays["neighbours_clean"].ravel().tolist(), *arrays["neighbours_adversarial"].ravel().tolist()}
    if not named <= known:
        raise UserError(f"{path}: neighbour {min(named - known)} has no image in neighbour_ids; {AGAIN}")
    return Examples(model, **arrays)


AGAIN = "delete the file and run snakemake again"
_DAMAGE = (OSError, ValueError, EOFError, TypeError, AttributeError, RuntimeError, zipfile.BadZipFile, zlib.error)


def _arrays(path: Path) -> dict[str, np.ndarray]:
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in (*_PER_QUERY, *_PER_NEIGHBOUR, *_PER_EMBEDDING)}
    except KeyError as error:
        raise UserError(f"{path}: lacks the array {error.args[0].split()[0]}; {AGAIN}") from error
    except _DAMAGE as error:
        raise UserError(f"{path}: not a NumPy archive ({' '.join(str(error).split())}); {AGAIN}") from error
    return found


def _upright(image: np.ndarray) -> np.ndarray:
    return image.transpose(1, 2, 0)
