"""The numbers that tables and figures are made of, each with the failed checks that make it doubtful."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from robust_dml.config import ModelName
from robust_dml.config.evaluation import AttackAt
from robust_dml.report.result_files import CheckFinding
from robust_dml.report.results import Results
from robust_dml.report.seeds import Seeds, mean, paired, ratio
from robust_dml.report.selection import Group, models_of, natural
from robust_dml.report.table import Cell, number


class SeedFinding(NamedTuple):
    """A sanity check of one seed of a model."""

    seed: int
    finding: CheckFinding


class Numbers:
    """Cells of a study's tables, from metrics.csv and checks.json."""

    def __init__(self, results: Results) -> None:
        self.results = results
        self.study = results.study

    def seeds(self, model: ModelName, at: AttackAt, metric: str = "recall@1", protocol: str = "masked") -> Seeds:
        """Return the value of each seed, a share in [0, 1]; empty if nothing was measured."""
        return self.results.seeds(model, at.label, metric, protocol)

    def value(self, model: ModelName, at: AttackAt, metric: str = "recall@1", protocol: str = "masked") -> Cell:
        """Return a metric in percent."""
        seeds = self.results.seeds(model, at.label, metric, protocol)
        return number(seeds, "percent", model=model, flags=self.flags(model, at.label))

    def fold(self, model: ModelName, at: AttackAt) -> Cell:
        """Return R@1 as a multiple of natural training's, from the means over the seeds that both have."""
        base = natural(self.study, Group(model.dataset, model.loss))
        if base is None or base == model.training:
            return Cell()
        reference = model._replace(training=base)
        of, to = paired(self.seeds(model, at), self.seeds(reference, at))
        ratios = {seed: ratio(of[seed], to[seed]) for seed in of}
        flags = [*self.flags(model, at.label), *self.flags(reference, at.label)]
        return number(ratios, "fold", middle=_ratio_of_means(of, to), model=model, flags=flags)

    def protocol_gap(self, model: ModelName, at: AttackAt, metric: str = "recall@1") -> Cell:
        """Return how much higher, in points, the released evaluation scores than the masked one."""
        masked = self.seeds(model, at, metric)
        released = self.seeds(model, at, metric, "as-released")
        gaps = {seed: released[seed] - masked[seed] for seed in masked if seed in released}
        return number(gaps, "points", model=model, flags=self.flags(model, at.label))

    @cached_property
    def findings(self) -> dict[ModelName, list[SeedFinding]]:
        """Every sanity check of every model."""
        return {
            model: [
                SeedFinding(run.seed, finding)
                for run in self.results.runs(model)
                for finding in self.results.findings(run)
            ]
            for model in models_of(self.study)
        }

    def flags(self, model: ModelName, *labels: str) -> list[str]:
        """Return one sentence for each failed check that taints one of these results of a model."""
        failed: dict[str, list[SeedFinding]] = {}
        for seed, finding in self.findings.get(model, []):
            if finding.verdict == "fail" and set(labels) & set(finding.taints):
                failed.setdefault(finding.check, []).append(SeedFinding(seed, finding))
        return [flag(model, findings) for findings in failed.values()]


def flag(model: ModelName, failed: Sequence[SeedFinding]) -> str:
    """Return `digits/triplet/natural, seeds 0, 1: doubling the steps: observed 0.02, expected < 0.01`."""
    seeds = ", ".join(str(seed) for seed, _ in failed)
    observed = ", ".join("nothing" if f.observed is None else f"{f.observed:.3g}" for _, f in failed)
    first = failed[0].finding
    word = "seed" if len(failed) == 1 else "seeds"
    return f"{model}, {word} {seeds}: {first.check}: observed {observed}, expected {first.expected}"


def _ratio_of_means(of: Seeds, to: Seeds) -> float | None:
    top, bottom = mean(of), mean(to)
    return None if top is None or bottom is None else ratio(top, bottom)
