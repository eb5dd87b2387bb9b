"""The tables of a study: each file that assigns ENTRY is one table, and owns its title, its order and its numbers."""

from __future__ import annotations

from dataclasses import replace

from robust_dml.records import TABLES
from robust_dml.report.catalogue import table_names
from robust_dml.report.cells import Numbers
from robust_dml.report.table import Table


def build_tables(numbers: Numbers) -> list[Table]:
    """Return every table that the study has."""
    return [build_table(numbers, name) for name in table_names(numbers.study)]


def build_table(numbers: Numbers, name: str) -> Table:
    """Return one table. Raises UserError if there is no table of this name."""
    record = TABLES.load(name)
    return replace(record.build(numbers), name=name, title=record.title)
