"""The result files of a study, read once and only when asked for."""

from __future__ import annotations

import csv
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robust_dml.config import Run, Study
from robust_dml.config.paths import attack_folder, model_folder, results_folder
from robust_dml.config.resolve import runs
from robust_dml.report.metrics import Metrics, read_metrics
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.files import read_json

if TYPE_CHECKING:
    import numpy as np

Record = dict[str, Any]


class Results:
    """What a study has left in results/<study> so far."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.folder = results_folder(study.name)
        self._attacks: dict[tuple[Run, str], Record] = {}

    @cached_property
    def metrics(self) -> Metrics:
        """All of metrics.csv."""
        return read_metrics(self.folder / "metrics.csv")

    def runs(self, dataset: str, loss: str, training: str) -> list[Run]:
        """The models of the study with these names, one per seed, measured or not."""
        wanted = (dataset, loss, training)
        return [run for run in runs(self.study) if (run.dataset, run.loss, run.training) == wanted]

    def attack(self, run: Run, name: str) -> Record | None:
        """What one attack left, None where it has not run."""
        if (run, name) not in self._attacks:
            record = _json(attack_folder(self.study.name, run) / f"{name}.json")
            if record is None:
                return None
            self._attacks[run, name] = record
        return self._attacks[run, name]

    def checks(self, run: Run) -> list[Record]:
        """The sanity checks of a model's attacks; empty where there are none."""
        record = _json(attack_folder(self.study.name, run) / "checks.json")
        return list(record["checks"]) if record else []

    def model_record(self, run: Run) -> Record | None:
        """run.json of the training."""
        return _json(model_folder(self.study.name, run) / "run.json")

    def attack_record(self, run: Run) -> Record | None:
        """run.json of the attacks."""
        return _json(attack_folder(self.study.name, run) / "run.json")

    def history(self, run: Run) -> list[dict[str, float | None]]:
        """history.csv, a dictionary per epoch; an empty field is None."""
        path = model_folder(self.study.name, run) / "history.csv"
        if not path.exists():
            return []
        with path.open(encoding="utf-8", newline="") as stream:
            lines = csv.DictReader(stream)
            return [{name: float(text) if text else None for name, text in line.items()} for line in lines]

    def examples(self, run: Run) -> dict[str, np.ndarray] | None:
        """The arrays of examples.npz, None where the model has not been attacked."""
        import numpy as np

        path = attack_folder(self.study.name, run) / "examples.npz"
        if not path.exists():
            return None
        with np.load(path, allow_pickle=False) as arrays:
            return dict(arrays)

    def queries(self, dataset: str) -> int | None:
        """How many queries a dataset is measured with."""
        for run in runs(self.study):
            record = self.attack(run, "clean") if run.dataset == dataset else None
            if record:
                return int(record["counts"]["scored"])
        return None


def _json(path: Path) -> Record | None:
    if not path.exists():
        return None
    try:
        record: Record = read_json(path)
    except ValueError as error:
        raise UserError(f"{path}: not valid JSON ({error}); delete it and run snakemake again") from error
    return record
