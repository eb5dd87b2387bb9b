"""The order of defences as published beside the order that is measured."""

from __future__ import annotations

from collections.abc import Mapping

from robust_dml.config import Study
from robust_dml.config.evaluation import CLEAN, AttackAt
from robust_dml.records import TableRecord
from robust_dml.report.cells import Numbers
from robust_dml.report.published import Published, published_of, ranks
from robust_dml.report.seeds import mean
from robust_dml.report.selection import Group, groups, headline, trainings_of
from robust_dml.report.table import Cell, Column, Row, Table
from robust_dml.report.tables.comparison import column_group

FEWEST = 3  # defences, for an order to be worth a table
CAPTION = (
    "Order of defences, 1 for the highest R@1 among those of a column. Published: Zhou & Patel (CVPR 2022), ResNet18,"
    " R@1 clean and under the embedding shift at 8/255, in brackets as printed in percent, 8 training steps. Datasets,"
    " networks and attacks differ, so that orders can be compared and values cannot."
)

Ranked = Mapping[str, tuple[int, float]]
"""The place of each training, and its value in percent."""


def build(numbers: Numbers) -> Table:
    """Return a row per dataset, loss and published training."""
    published = published_of(numbers.study)
    datasets = list(dict.fromkeys(row.dataset for rows in published.values() for row in rows))
    main = headline(numbers.study)
    columns, lines, agreements = _columns(datasets, main), [], []
    for group in groups(numbers.study):
        here = [name for name in trainings_of(numbers.study, group) if name in published]
        printed = [_printed(published, here, dataset, what) for what in ("clean", "attacked") for dataset in datasets]
        measured = [_measured(numbers, group, here, at) for at in (CLEAN, main)]
        agreements += _agreements(group, datasets, printed[len(datasets) :], measured[1])
        for name in here:
            cells = tuple(_cell(of.get(name)) for of in (*printed, *measured))
            lines.append(Row((*group, name), cells, group))
    caption = " ".join([CAPTION, *agreements])
    return Table(caption, ("dataset", "loss", "training"), columns, tuple(lines))


def _columns(datasets: list[str], main: AttackAt) -> tuple[Column, ...]:
    heads = [(f"published {what}", dataset) for what in ("clean", "attacked") for dataset in datasets]
    heads += [("measured", "clean"), ("measured", column_group(main))]
    return tuple(Column(f"{group} {label}", group, label, unit="text", better="none") for group, label in heads)


def _printed(published: Mapping[str, list[Published]], here: list[str], dataset: str, what: str) -> Ranked:
    values = {name: getattr(row, what) for name in here for row in published[name] if row.dataset == dataset}
    return dict(zip(values, zip(ranks(list(values.values())), values.values(), strict=True), strict=True))


def _measured(numbers: Numbers, group: Group, here: list[str], at: AttackAt) -> Ranked:
    found = {name: mean(numbers.seeds(group.model(name), at)) for name in here}
    values = {name: 100 * value for name, value in found.items() if value is not None}
    return dict(zip(values, zip(ranks(list(values.values())), values.values(), strict=True), strict=True))


def _cell(ranked: tuple[int, float] | None) -> Cell:
    return Cell() if ranked is None else Cell(text=f"{ranked[0]} ({ranked[1]:.1f})")


def _agreements(group: Group, datasets: list[str], printed: list[Ranked], measured: Ranked) -> list[str]:
    """Return Kendall's tau between each published order under attack and the measured one, in words."""
    from scipy.stats import kendalltau

    words = []
    for dataset, order in zip(datasets, printed, strict=True):
        both = [name for name in order if name in measured]
        if len(both) >= FEWEST:
            tau = float(kendalltau([order[name][1] for name in both], [measured[name][1] for name in both]).statistic)
            words.append(f"{dataset} {tau:.2f}")
    return [f"Kendall's tau under attack, {group.dataset}, {group.loss}: {', '.join(words)}."] if words else []


def _wanted(study: Study) -> bool:
    return len(published_of(study)) >= FEWEST


ENTRY = TableRecord(title="Published and measured order", order=60, wanted=_wanted, build=build)
