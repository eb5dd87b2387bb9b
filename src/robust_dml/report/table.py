"""A table before it becomes CSV, LaTeX, HTML or lines of a terminal, and how its numbers are printed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from robust_dml.config import ModelName
from robust_dml.report.seeds import Seeds, mean, spread

if TYPE_CHECKING:
    from robust_dml.statistics import Interval

Unit = Literal["percent", "points", "fold", "text"]
Better = Literal["higher", "none"]
Standing = Literal["", "best", "tied"]


class Flag(NamedTuple):
    """A failed sanity check that makes a number doubtful; `text` says where and how it failed."""

    check: str
    text: str


@dataclass(frozen=True)
class Column:
    """`key` names it in CSV and reported.csv; `group` is the upper line of the head, `label` the lower one."""

    key: str
    group: str
    label: str
    unit: Unit = "percent"
    better: Better = "higher"


@dataclass(frozen=True)
class Cell:
    """One number in the unit of its column: mean and spread over seeds, intervals, model, and failed checks.

    `low` and `high` are the ends of the 95 % interval over queries, `seeds_low` and `seeds_high` those over seeds.
    """

    mean: float | None = None
    spread: float | None = None
    seeds: int = 0
    low: float | None = None
    high: float | None = None
    seeds_low: float | None = None
    seeds_high: float | None = None
    text: str = ""
    standing: Standing = ""
    """Resolved from every other row of its block, or the best of those that are not told apart."""
    model: ModelName | None = None
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True)
class Row:
    """`labels` are the first cells; the best number is marked among the rows of one `group`."""

    labels: tuple[str, ...]
    cells: tuple[Cell, ...]
    group: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The name of the row in reported.csv."""
        return "/".join(self.labels)


@dataclass(frozen=True)
class Table:
    """A finished table. `name` is that of its files; name and title are added from its record."""

    caption: str
    heads: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    name: str = ""
    title: str = ""

    @property
    def flags(self) -> tuple[Flag, ...]:
        """Each failed check that taints a number of the table, once."""
        return tuple(dict.fromkeys(flag for row in self.rows for cell in row.cells for flag in cell.flags))

    @property
    def note(self) -> str:
        """One line on the failed checks: how many numbers they make doubtful, and which checks; empty without any."""
        cells = [cell for row in self.rows for cell in row.cells if cell.text or cell.mean is not None]
        checks = Counter(check for cell in cells for check in {flag.check for flag in cell.flags})
        if not checks:
            return ""
        named = ", ".join(f"{check} ({count})" for check, count in sorted(checks.items(), key=lambda each: -each[1]))
        doubtful = sum(bool(cell.flags) for cell in cells)
        return f"{doubtful} of {len(cells)} numbers are doubtful, since a sanity check failed: {named}"


MINUS, NOTHING = "\N{MINUS SIGN}", "\N{EN DASH}"
SCALE = {"percent": 100.0, "points": 100.0, "fold": 1.0, "text": 1.0}
DIGITS = {"percent": 1, "points": 1, "fold": 2, "text": 0}
DOUBTFUL = "†"
MARKS: dict[Standing, str] = {"best": "*", "tied": "=", "": ""}


def number(
    seeds: Seeds,
    unit: Unit = "percent",
    *,
    middle: float | None = None,
    interval: Interval | None = None,
    model: ModelName | None = None,
    flags: Sequence[Flag] = (),
) -> Cell:
    """Return the cell of one value per seed, a share or a ratio; an empty cell without any.

    `middle` replaces the mean over seeds, for example by the ratio of two means; `interval` is the one over queries.
    """
    middle = mean(seeds) if middle is None else middle
    if middle is None:
        return Cell()
    scale, width = SCALE[unit], spread(seeds)
    over_seeds = _over_seeds(seeds, unit)
    return Cell(
        mean=middle * scale,
        spread=None if width is None else width * scale,
        seeds=len(seeds),
        low=interval.low * scale if interval else None,
        high=interval.high * scale if interval else None,
        seeds_low=over_seeds.low * scale if over_seeds else None,
        seeds_high=over_seeds.high * scale if over_seeds else None,
        model=model,
        flags=tuple(dict.fromkeys(flags)),
    )


def _over_seeds(seeds: Seeds, unit: Unit) -> Interval | None:
    """Return the interval of the mean over seeds; None for a ratio of means, which is no mean over seeds."""
    from robust_dml.statistics import seed_interval

    if unit == "fold":
        return None
    return seed_interval(list(seeds.values()), within=(0.0, 1.0) if unit == "percent" else (-1.0, 1.0))


def rounded(value: float, unit: Unit) -> str:
    """Return a value as it is printed; a difference has a sign, but not one that rounds to zero."""
    if math.isinf(value):
        return "∞"
    digits = DIGITS[unit]
    kept = round(value, digits) or 0.0
    text = f"{kept:+.{digits}f}" if unit == "points" and kept else f"{kept:.{digits}f}"
    return text.replace("-", MINUS)


def printed(cell: Cell, unit: Unit) -> str:
    """Return `68.2 ± 1.1`, `1.94 ± 0.05`, a dash if nothing was measured, or the cell's own text."""
    if cell.text or cell.mean is None:
        return cell.text or NOTHING
    width = "" if cell.spread is None else f" ± {rounded(cell.spread, 'percent' if unit == 'points' else unit)}"
    return f"{rounded(cell.mean, unit)}{width}"


def ends(cell: Cell, unit: Unit) -> str:
    """Return the interval over queries, `65.0\N{EN DASH}71.3`; empty if it is not known."""
    return _range(cell.low, cell.high, unit)


def seeds_ends(cell: Cell, unit: Unit) -> str:
    """Return the interval over seeds, as `ends` does."""
    return _range(cell.seeds_low, cell.seeds_high, unit)


def _range(low: float | None, high: float | None, unit: Unit) -> str:
    if low is None or high is None:
        return ""
    joint = " to " if unit == "points" else "\N{EN DASH}"
    return f"{rounded(low, unit)}{joint}{rounded(high, unit)}"


def marks(cell: Cell) -> str:
    """Return the marks behind a number: whether it is the best, tied with the best, doubtful."""
    return MARKS[cell.standing] + (DOUBTFUL if cell.flags else "")
