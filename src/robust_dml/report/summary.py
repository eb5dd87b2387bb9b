"""What the terminal shows after a run: the first table and its caption."""

from __future__ import annotations

import textwrap

from robust_dml.config import Study
from robust_dml.report.catalogue import table_names
from robust_dml.report.cells import Numbers
from robust_dml.report.results import Results
from robust_dml.report.tables import build_table
from robust_dml.report.text import to_text

WIDTH = 110


def summary(study: Study) -> str:
    """Return title, first table (natural against robust if the study has both) and caption, as lines."""
    table = build_table(Numbers(Results(study)), table_names(study)[0])
    return f"{study.title or study.name}\n\n{to_text(table)}\n\n{textwrap.fill(table.caption, width=WIDTH)}\n"
