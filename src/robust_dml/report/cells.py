"""The numbers of tables and figures, each with its interval and the failed checks that make it doubtful."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from robust_dml.config import ModelName
from robust_dml.config.evaluation import AttackAt
from robust_dml.report.result_files import CheckFinding
from robust_dml.report.results import Results
from robust_dml.report.seeds import Seeds, mean, paired, ratio, with_ends
from robust_dml.report.selection import Group, models_of, natural
from robust_dml.report.table import Cell, Flag, number

if TYPE_CHECKING:
    from robust_dml.report.contrast import Contrast
    from robust_dml.statistics import Interval

RECALL = "recall@1"


class SeedFinding(NamedTuple):
    """A sanity check of one seed of a model."""

    seed: int
    finding: CheckFinding


class Numbers:
    """Cells of a study's tables, from metrics.csv, checks.json and the outcomes of single queries."""

    def __init__(self, results: Results) -> None:
        self.results = results
        self.study = results.study
        self._intervals: dict[tuple[ModelName, str, str, str], Interval | None] = {}

    def seeds(self, model: ModelName, at: AttackAt, metric: str = RECALL, protocol: str = "masked") -> Seeds:
        """Return the value of each seed, a share in [0, 1]; empty if nothing was measured."""
        return self.results.seeds(model, at.label, metric, protocol)

    def interval(
        self, model: ModelName, at: AttackAt, metric: str = RECALL, protocol: str = "masked"
    ) -> Interval | None:
        """Return the mean over seeds with its 95 % interval over queries; None if that is not known.

        R@1 has it from what each query did, other metrics from the intervals of the seeds.
        """
        key = (model, at.label, metric, protocol)
        if key not in self._intervals:
            self._intervals[key] = self._interval(model, at, metric, protocol)
        return self._intervals[key]

    def _interval(self, model: ModelName, at: AttackAt, metric: str, protocol: str) -> Interval | None:
        from robust_dml.statistics import share_interval_over_seeds

        seeds = self.seeds(model, at, metric, protocol)
        sample = self.results.sample(model, at, protocol) if metric == RECALL else None
        if sample and set(sample.seeds) == set(seeds):
            return share_interval_over_seeds(sample.right, sample.classes)
        return with_ends(seeds, self.results.ends(model, at.label, metric, protocol))

    def contrast(self, of: ModelName, to: ModelName, at: AttackAt) -> Contrast | None:
        """Return R@1 of one model minus that of another under an attack, on the same queries; None without results."""
        from robust_dml.report.contrast import contrast

        return contrast(self.results.sample(of, at), self.results.sample(to, at))

    def value(self, model: ModelName, at: AttackAt, metric: str = RECALL, protocol: str = "masked") -> Cell:
        """Return a metric in percent."""
        return number(
            self.seeds(model, at, metric, protocol),
            "percent",
            interval=self.interval(model, at, metric, protocol),
            model=model,
            flags=self.flags(model, at.label),
        )

    def fold(self, model: ModelName, at: AttackAt) -> Cell:
        """Return R@1 as a multiple of natural training's, from the means over the seeds that both have."""
        base = natural(self.study, Group(model.dataset, model.loss))
        if base is None or base == model.training:
            return Cell()
        reference = model._replace(training=base)
        of, to = paired(self.seeds(model, at), self.seeds(reference, at))
        return number(
            {seed: ratio(of[seed], to[seed]) for seed in of},
            "fold",
            middle=_ratio_of_means(of, to),
            interval=self._ratio_interval(model, reference, at),
            model=model,
            flags=[*self.flags(model, at.label), *self.flags(reference, at.label)],
        )

    def _ratio_interval(self, model: ModelName, reference: ModelName, at: AttackAt) -> Interval | None:
        from robust_dml.statistics import ratio_interval

        of, to = self.interval(model, at), self.interval(reference, at)
        return ratio_interval(of, to) if of and to else None

    def protocol_gap(self, model: ModelName, at: AttackAt) -> Cell:
        """Return how much higher, in points of R@1, the released evaluation scores than the masked one."""
        from robust_dml.report.contrast import contrast

        masked, released = (
            self.results.seeds(model, at.label, protocol=protocol) for protocol in ("masked", "as-released")
        )
        gap = contrast(self.results.sample(model, at, "as-released"), self.results.sample(model, at))
        return number(
            {seed: released[seed] - masked[seed] for seed in masked if seed in released},
            "points",
            interval=gap.interval if gap else None,
            model=model,
            flags=self.flags(model, at.label),
        )

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

    def flags(self, model: ModelName, *labels: str) -> list[Flag]:
        """Return a flag for each failed check that taints one of these results of a model."""
        failed: dict[str, list[SeedFinding]] = {}
        for seed, finding in self.findings.get(model, []):
            if finding.verdict == "fail" and set(labels) & set(finding.taints):
                failed.setdefault(finding.check, []).append(SeedFinding(seed, finding))
        return [flag(model, findings) for findings in failed.values()]


def flag(model: ModelName, failed: Sequence[SeedFinding]) -> Flag:
    """Return the check with `digits/triplet/natural, seeds 0, 1: more steps: observed 0.02, expected < 0.01`."""
    seeds = ", ".join(str(seed) for seed, _ in failed)
    observed = ", ".join("nothing" if f.observed is None else f"{f.observed:.3g}" for _, f in failed)
    first = failed[0].finding
    word = "seed" if len(failed) == 1 else "seeds"
    text = f"{model}, {word} {seeds}: {first.check}: observed {observed}, expected {first.expected}"
    return Flag(first.check, text)


def _ratio_of_means(of: Seeds, to: Seeds) -> float | None:
    top, bottom = mean(of), mean(to)
    return None if top is None or bottom is None else ratio(top, bottom)
