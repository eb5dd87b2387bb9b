"""The kept examples of one attacked model: queries, their adversarial images, and neighbours before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from robust_dml.report.flags import Model
from robust_dml.report.results import Results

if TYPE_CHECKING:
    import numpy as np


class Examples:
    """examples.npz of a model, looked up by the id of a query; images are float (H, W, 3) in [0, 1]."""

    def __init__(self, model: Model, arrays: dict[str, np.ndarray]) -> None:
        self.model = model
        self.arrays = arrays
        self.ids = [int(number) for number in arrays["id"]]
        self._row = {number: row for row, number in enumerate(self.ids)}
        self._neighbour = {int(number): row for row, number in enumerate(arrays["neighbour_ids"])}

    def label(self, query: int) -> int:
        """The class of a query."""
        return int(self.arrays["label"][self._row[query]])

    def clean(self, query: int) -> np.ndarray:
        """The query itself."""
        return _upright(self.arrays["clean"][self._row[query]]) / 255

    def adversarial(self, query: int) -> np.ndarray:
        """The query under the headline attack."""
        return _upright(self.arrays["adversarial"][self._row[query]])

    def neighbours(self, query: int, *, attacked: bool) -> list[int]:
        """The ids of the nearest gallery images, nearest first; fewer where the gallery is smaller."""
        name = "neighbours_adversarial" if attacked else "neighbours_clean"
        return [int(number) for number in self.arrays[name][self._row[query]] if number >= 0]

    def image(self, neighbour: int) -> np.ndarray:
        """A gallery image."""
        return _upright(self.arrays["neighbour_images"][self._neighbour[neighbour]]) / 255

    def neighbour_label(self, neighbour: int) -> int:
        """The class of a gallery image."""
        return int(self.arrays["neighbour_labels"][self._neighbour[neighbour]])

    def right(self, query: int, *, attacked: bool) -> bool:
        """Is the nearest neighbour of the query's class?"""
        return self.neighbour_label(self.neighbours(query, attacked=attacked)[0]) == self.label(query)


def _upright(image: np.ndarray) -> np.ndarray:
    return image.transpose(1, 2, 0)


def read_examples(results: Results, model: Model) -> Examples | None:
    """The examples of the first seed of a model, None where it has none."""
    for run in results.runs(*model)[:1]:
        arrays = results.examples(run)
        if arrays is not None and len(arrays["id"]):
            return Examples(model, arrays)
    return None
