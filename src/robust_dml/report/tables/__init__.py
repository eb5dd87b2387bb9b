"""The tables of a study, one module each with `build(numbers) -> Table`."""

from __future__ import annotations

from importlib import import_module

from robust_dml.report.catalogue import table_names
from robust_dml.report.cells import Numbers
from robust_dml.report.table import Table


def build_tables(numbers: Numbers) -> list[Table]:
    """Every table that the study has."""
    return [build_table(numbers, name) for name in table_names(numbers.study)]


def build_table(numbers: Numbers, name: str) -> Table:
    """One table by its name."""
    table: Table = import_module(f"robust_dml.report.tables.{name}").build(numbers)
    return table
