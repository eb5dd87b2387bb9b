"""The numbers that tables and figures are made of, each with the failed checks that taint it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from robust_dml.report.flags import Model, Sanity
from robust_dml.report.metrics import Seeds, mean, paired, ratio
from robust_dml.report.results import Results
from robust_dml.report.selection import Result, natural
from robust_dml.report.table import Cell, Unit, number


class Numbers:
    """Cells of a study's tables, from metrics.csv and checks.json."""

    def __init__(self, results: Results) -> None:
        self.results = results
        self.study = results.study

    @cached_property
    def sanity(self) -> Sanity:
        """The checks of every model."""
        return Sanity(self.results)

    def seeds(self, model: Model, result: Result, metric: str = "recall@1", protocol: str = "masked") -> Seeds:
        """The value of each seed, a fraction; empty where nothing was measured."""
        return self.results.metrics.seeds(*model, result.name, metric=metric, protocol=protocol)

    def value(self, model: Model, result: Result, metric: str = "recall@1", protocol: str = "masked") -> Cell:
        """A metric in percent."""
        return self._cell(self.seeds(model, result, metric, protocol), "percent", model, [result])

    def fold(self, model: Model, result: Result) -> Cell:
        """R@1 as a multiple of natural training's, from the means over the seeds that both have."""
        base = natural(self.study, *model[:2])
        if base is None or base == model[2]:
            return Cell()
        reference: Model = (*model[:2], base)
        of, to = paired(self.seeds(model, result), self.seeds(reference, result))
        ratios = {seed: ratio(of[seed], to[seed]) for seed in of}
        flags = self.sanity.flags(reference, result.name)
        return self._cell(ratios, "fold", model, [result], flags, middle=_ratio_of_means(of, to))

    def protocol_gap(self, model: Model, result: Result, metric: str = "recall@1") -> Cell:
        """How much higher, in points, the released evaluation scores than the masked one."""
        masked = self.seeds(model, result, metric)
        released = self.seeds(model, result, metric, "as-released")
        gaps = {seed: released[seed] - masked[seed] for seed in masked if seed in released}
        return self._cell(gaps, "points", model, [result])

    def _cell(
        self,
        seeds: Seeds,
        unit: Unit,
        model: Model,
        rests_on: Sequence[Result],
        flags: Sequence[str] = (),
        middle: float | None = None,
    ) -> Cell:
        own = self.sanity.flags(model, *(result.name for result in rests_on))
        return number(seeds, unit, middle=middle, model=model, flags=[*own, *flags])


def _ratio_of_means(of: Seeds, to: Seeds) -> float | None:
    top, bottom = mean(of), mean(to)
    return None if top is None or bottom is None else ratio(top, bottom)
