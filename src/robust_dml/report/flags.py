"""The sanity checks of the attacks, and the numbers that a failed one taints."""

from __future__ import annotations

from collections import defaultdict

from robust_dml.report.results import Record, Results
from robust_dml.report.selection import groups, trainings_of

Model = tuple[str, str, str]
Checks = list[tuple[int, Record]]


class Sanity:
    """Every check of a study with its seed, by model; `verdicts` are those of one check on one model."""

    def __init__(self, results: Results) -> None:
        self.checks: dict[Model, Checks] = defaultdict(list)
        for dataset, loss in groups(results.study):
            for training in trainings_of(results.study, dataset, loss):
                model = (dataset, loss, training)
                for run in results.runs(*model):
                    self.checks[model] += [(run.seed, check) for check in results.checks(run)]

    def verdicts(self, model: Model, name: str) -> Checks:
        """One check on the seeds of a model."""
        return [(seed, check) for seed, check in self.checks.get(model, []) if check["check"] == name]

    def flags(self, model: Model, *results: str) -> list[str]:
        """One sentence per failed check that taints one of these results of a model."""
        failed: dict[str, Checks] = defaultdict(list)
        for seed, check in self.checks.get(model, []):
            if check["verdict"] == "fail" and set(results) & set(check["taints"]):
                failed[check["check"]].append((seed, check))
        return [sentence(model, checks) for checks in failed.values()]


def sentence(model: Model, failed: Checks) -> str:
    """`digits/triplet/natural, seeds 0, 1: doubling the steps: observed 0.02, expected < 0.01`."""
    seeds = ", ".join(str(seed) for seed, _ in failed)
    observed = ", ".join(_number(check["observed"]) for _, check in failed)
    name, expected = failed[0][1]["check"], failed[0][1]["expected"]
    word = "seed" if len(failed) == 1 else "seeds"
    return f"{'/'.join(model)}, {word} {seeds}: {name}: observed {observed}, expected {expected}"


def _number(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
