"""What the terminal shows after a run: the first table, the finding, and the caption of the table."""

from __future__ import annotations

import textwrap

from robust_dml.config import Study
from robust_dml.report.catalogue import table_names
from robust_dml.report.cells import Numbers
from robust_dml.report.finding import finding
from robust_dml.report.results import Results
from robust_dml.report.tables import build_table
from robust_dml.report.text import to_text

WIDTH = 110


def summary(study: Study) -> str:
    """Return title, first table (natural against robust if the study has both), finding and caption, as lines."""
    numbers = Numbers(Results(study))
    table = build_table(numbers, table_names(study)[0])
    texts = (textwrap.fill(text, width=WIDTH) for text in (str(finding(numbers)), table.caption))
    return "\n\n".join([study.title or study.name, to_text(table), *texts]) + "\n"
