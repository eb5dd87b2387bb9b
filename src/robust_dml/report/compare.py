"""Compare the numbers of a run with those of record: within the recorded 95 % intervals over queries, or not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from robust_dml.report.metrics import MetricRow, read_rows


@dataclass(frozen=True)
class Difference:
    """A number that only one side has, or that lies outside its recorded interval."""

    recorded: MetricRow | None
    found: MetricRow | None

    def __str__(self) -> str:
        """Return one line: model, seed, attack, metric, and what differs."""
        row = self.recorded or self.found
        assert row is not None
        place = f"{row.model}, seed {row.seed}, {row.label}, {row.metric} ({row.protocol})"
        if self.found is None:
            return f"{place}: recorded {row.value:.4f}, missing in the run"
        if self.recorded is None:
            return f"{place}: found {row.value:.4f}, missing in the record"
        interval = f"{self.recorded.low:.4f} to {self.recorded.high:.4f}"
        return f"{place}: found {self.found.value:.4f}, recorded {self.recorded.value:.4f}, interval {interval}"


@dataclass(frozen=True)
class Comparison:
    """How many numbers were compared, how many have no interval to compare them within, and which differ."""

    compared: int
    without_interval: int
    differences: tuple[Difference, ...]


def compare(record: Path, run: Path) -> Comparison:
    """Compare metrics.csv in the folder `run` with that in the folder `record`.

    A number differs if it lies outside the recorded interval, or if only one side has it. Raises UserError if either
    file is absent or damaged.
    """
    recorded, found = ({_key(row): row for row in read_rows(folder / "metrics.csv")} for folder in (record, run))
    bounded = {key: row for key, row in recorded.items() if row.low is not None}
    pairs = [(row, found.get(key)) for key, row in recorded.items() if key in bounded or key not in found]
    differences = [Difference(old, new) for old, new in pairs if new is None or not _within(new.value, old)]
    differences += [Difference(None, row) for key, row in found.items() if key not in recorded]
    both = recorded.keys() & found.keys()
    return Comparison(len(both & bounded.keys()), len(both - bounded.keys()), tuple(differences))


def _key(row: MetricRow) -> MetricRow:
    """Return what was measured, without the value."""
    return replace(row, value=0.0, low=None, high=None)


def _within(value: float, recorded: MetricRow) -> bool:
    assert recorded.low is not None and recorded.high is not None
    return recorded.low <= value <= recorded.high
