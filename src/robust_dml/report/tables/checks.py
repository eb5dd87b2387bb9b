"""The verdicts of the attacks' sanity checks."""

from __future__ import annotations

from collections import Counter

from robust_dml.config import ModelName
from robust_dml.records import TableRecord
from robust_dml.report.cells import Numbers, SeedFinding, flag
from robust_dml.report.result_files import Outcome
from robust_dml.report.selection import Group, groups
from robust_dml.report.table import Cell, Column, Row, Table

VERDICTS: tuple[Outcome, ...] = ("fail", "pass", "not run")
CAPTION = (
    "Each check is made on every attacked model; the count is of seeds. A number that a failed check taints "
    "carries † in every table; where and how the checks failed is listed here, and in the CSV files."
)


def build(numbers: Numbers) -> Table:
    """Return a row per dataset, loss and check; a column per training, with the number of seeds of each verdict."""
    trainings = numbers.study.trainings
    columns = tuple(Column(name, "verdict after training", name, "text", "none") for name in trainings)
    rows = tuple(row for group in groups(numbers.study) for row in _rows(numbers, group))
    return Table(CAPTION, ("dataset", "loss", "check"), columns, rows)


def _rows(numbers: Numbers, group: Group) -> list[Row]:
    models = {group.model(name): numbers.findings.get(group.model(name), []) for name in numbers.study.trainings}
    checks = dict.fromkeys(finding.check for findings in models.values() for _, finding in findings)
    return [
        Row((*group, check), tuple(_cell(model, _of(check, findings)) for model, findings in models.items()), group)
        for check in checks
    ]


def _of(check: str, findings: list[SeedFinding]) -> list[SeedFinding]:
    return [each for each in findings if each.finding.check == check]


def _cell(model: ModelName, findings: list[SeedFinding]) -> Cell:
    if not findings:
        return Cell()
    counts = Counter(each.finding.verdict for each in findings)
    text = ", ".join(f"{verdict} {counts[verdict]}/{len(findings)}" for verdict in VERDICTS if counts[verdict])
    failed = [each for each in findings if each.finding.verdict == "fail"]
    reasons = "; ".join(dict.fromkeys(each.finding.why for each in failed))
    found = flag(model, failed) if failed else None
    flags = (found._replace(text=f"{found.text}: {reasons}"),) if found else ()
    return Cell(text=text, seeds=len(findings), model=model, flags=flags)


ENTRY = TableRecord(title="Sanity checks of the attacks", order=80, build=build)
