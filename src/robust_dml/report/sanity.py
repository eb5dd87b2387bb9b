"""The sanity checks of the attacks, and the numbers that a failed one taints."""

from __future__ import annotations

from collections import defaultdict

from robust_dml.report.results import Record, Results
from robust_dml.report.roles import groups, trainings_of

Model = tuple[str, str, str]


class Sanity:
    """Every check of a study, by model and by the results it taints."""

    def __init__(self, results: Results) -> None:
        self.checks: dict[Model, list[tuple[int, Record]]] = defaultdict(list)
        self._flags: dict[tuple[Model, str], list[str]] = defaultdict(list)
        for dataset, loss in groups(results.study):
            for training in trainings_of(results.study, dataset, loss):
                self._read(results, (dataset, loss, training))

    def _read(self, results: Results, model: Model) -> None:
        for run in results.runs(*model):
            for check in results.checks(run):
                self.checks[model].append((run.seed, check))
                if check["verdict"] == "fail":
                    for name in check["taints"]:
                        self._flags[model, name].append(_sentence(model, run.seed, check))

    def flags(self, model: Model, *names: str) -> list[str]:
        """One sentence per failed check that taints these results of a model."""
        return list(dict.fromkeys(flag for name in names for flag in self._flags.get((model, name), [])))


def _sentence(model: Model, seed: int, check: Record) -> str:
    return f"{'/'.join(model)}, seed {seed}: {check['check']}: {check['why']}"
