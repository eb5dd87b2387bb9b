"""The summary that ends `make demo`: natural against robust, and where the figures lie."""

from __future__ import annotations

from pathlib import Path

from robust_dml.cli import main
from robust_dml.report.cells import Numbers
from robust_dml.report.results import Results
from robust_dml.report.table import printed
from robust_dml.report.tables import build_table


def test_it_prints_the_table_and_where_the_figures_lie(results: Results, study_file: Path, capsys) -> None:
    assert main(["summary", str(study_file)]) == 0
    out = capsys.readouterr().out
    table = build_table(Numbers(results), "summary")
    for row in table.rows:
        line = next(line for line in out.splitlines() if line.split()[:3] == list(row.labels))
        for cell, column in zip(row.cells, table.columns, strict=True):
            assert printed(cell, column.unit) in line
    assert "results/made-up/figures" in out
    assert "worst-case" in out


def test_its_lines_fit_a_terminal(results: Results, study_file: Path, capsys) -> None:
    main(["summary", str(study_file)])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 120
