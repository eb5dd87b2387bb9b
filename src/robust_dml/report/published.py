"""Published numbers of defences, from published.csv, and the trainings of a study that they are about.

`clean` is recall@1, `attacked` recall@1 under the embedding shift at 8/255 (ES:R), both in percent, on another dataset
and backbone than a study's: orders can be compared, values cannot.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from robust_dml.config import Study
from robust_dml.config.training import TrainingConfig


@dataclass(frozen=True)
class Published:
    """One row: a defence on a dataset."""

    method: str
    options: str
    """Options of the method or of its miner that tell it from others, as "key=value key=value"."""
    label: str
    """Its name in the publication."""
    dataset: str
    clean: float
    attacked: float
    source: str

    def is_of(self, training: TrainingConfig) -> bool:
        """Return whether a training is this defence."""
        miner = training.miner.options.model_dump() if training.miner else {}
        has = miner | training.options.model_dump()
        pairs = [pair.split("=") for pair in self.options.split()]
        return training.method == self.method and all(_same(has.get(key), value) for key, value in pairs)


def _same(found: object, wanted: str) -> bool:
    return found == float(wanted) if isinstance(found, int | float) else found == wanted


def read_published() -> list[Published]:
    """Return every row of published.csv."""
    text = files("robust_dml.report").joinpath("published.csv").read_text(encoding="utf-8")
    return [
        Published(
            **{key: line[key] for key in ("method", "options", "label", "dataset", "source")},
            clean=float(line["clean"]),
            attacked=float(line["attacked"]),
        )
        for line in csv.DictReader(text.splitlines())
    ]


def published_of(study: Study) -> dict[str, list[Published]]:
    """Return the rows of each training that has any, by its name."""
    rows = read_published()
    found = {name: [row for row in rows if row.is_of(training)] for name, training in study.trainings.items()}
    return {name: mine for name, mine in found.items() if mine}


def ranks(values: Sequence[float]) -> list[int]:
    """Return the place of each value, 1 for the largest; equal values share the first of their places."""
    return [1 + sum(other > value for other in values) for value in values]
