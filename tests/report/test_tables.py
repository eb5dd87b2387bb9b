"""Tables: every number against metrics.csv, the best in bold, failed checks beside what they taint."""

from __future__ import annotations

import re

import pytest

from report.made_up_results import read_lines
from report.naive import Naive
from robust_dml.cli import main
from robust_dml.report.catalogue import table_names
from robust_dml.report.cells import Numbers
from robust_dml.report.labels import NORMS
from robust_dml.report.renderers import FORMATS, escape, to_csv, to_html, to_latex
from robust_dml.report.results import Results
from robust_dml.report.table import ends, printed
from robust_dml.report.tables import build_table, build_tables

NUMERIC = ("summary", "gain", "main", "slot", "rate", "rival", "protocol", "attacks")


@pytest.mark.parametrize("name", NUMERIC)
def test_every_number_of_a_csv_is_in_metrics_csv(results: Results, name: str, tmp_path) -> None:
    table = build_table(Numbers(results), name)
    path = tmp_path / "table.csv"
    path.write_text(to_csv(table))
    naive, checked = Naive(), 0
    for line in read_lines(path):
        labels = [line[head] for head in table.heads]
        for column in table.columns:
            wanted = naive.expected(name, labels, column.key)
            found = (line[column.key], line[f"{column.key} spread"])
            assert found == (("", "") if wanted is None else tuple(f"{value:.4f}" for value in wanted))
            low, high = line[f"{column.key} low"], line[f"{column.key} high"]
            assert (low, high) == ("", "") if wanted is None else float(low) <= float(found[0]) <= float(high)
            checked += wanted is not None
    assert checked >= len(table.rows)


def test_a_study_has_only_the_tables_that_it_can_fill(results: Results) -> None:
    assert set(table_names(results.study)) == {*NUMERIC, "checks"}
    pair = ["natural", "robust-anchor"]
    trainings = {name: results.study.trainings[name] for name in pair}
    digits = results.study.datasets["digits"].model_copy(update={"trainings": pair})
    alone = results.study.model_copy(update={"trainings": trainings, "datasets": {"digits": digits}})
    assert not {"slot", "rate", "rival"} & set(table_names(alone))


def test_latex_and_html_print_what_the_csv_holds(results: Results) -> None:
    for table in build_tables(Numbers(results)):
        latex, html = to_latex(table), to_html(table)
        for row in table.rows:
            for cell, column in zip(row.cells, table.columns, strict=True):
                for text in (printed(cell, column.unit), ends(cell, column.unit)):
                    assert text in html
                    assert escape(text) in latex


def test_latex_escapes_what_it_would_read_as_a_command() -> None:
    assert escape("50 % & a_b \N{SCRIPT SMALL L}∞ ± ε") == r"50 \% \& a\_b $\ell_\infty$ $\pm$ $\varepsilon$"
    assert escape("\N{MINUS SIGN}1.0 \N{EN DASH}") == "$-$1.0 --"


def test_caption_names_protocol_seeds_and_queries_and_head_names_epsilon(results: Results) -> None:
    table = build_table(Numbers(results), "main")
    for words in ("masked", "2 seeds", "60 on digits", "As released"):
        assert words in table.caption
    assert {column.group for column in table.columns if column.key.startswith("pgd")} == {
        f"PGD, {NORMS['linf']}, ε = 0.1, 10 steps"
    }


def test_a_failed_check_stands_beside_the_number_it_taints_and_only_there(results: Results) -> None:
    numbers = Numbers(results)
    table = build_table(numbers, "main")
    for row in table.rows:
        for cell, column in zip(row.cells, table.columns, strict=True):
            tainted = row.labels[2] == "robust-negative" and column.key.startswith("pgd-0.1 ")
            assert bool(cell.flags) == tainted
    assert "robust-negative, seed 0: more steps: observed 3, expected less than 1 point" in to_html(table)
    assert r"$^\dagger$" in to_latex(table)
    assert "fail 1/2, pass 1/2" in to_csv(build_table(numbers, "checks"))


def test_failed_checks_are_one_line_below_a_table(results: Results) -> None:
    table = build_table(Numbers(results), "main")
    doubtful = sum(bool(cell.flags) for row in table.rows for cell in row.cells)
    assert re.match(rf"{doubtful} of \d+ numbers are doubtful, .*: more steps \({doubtful}\)$", table.note)
    assert to_latex(table).count("are doubtful") == to_html(table).count("are doubtful") == 1


def test_a_study_of_one_seed_shows_no_spread(results: Results) -> None:
    one = Results(results.study.model_copy(update={"seeds": [0]}))
    one.rows = [row for row in results.rows if row.seed == 0]  # type: ignore[misc]
    table = build_table(Numbers(one), "main")
    assert "One seed" in table.caption
    assert all(cell.seeds_low is None for row in table.rows for cell in row.cells)
    assert "±" not in to_latex(table).split(r"\toprule")[1].replace(r"$\pm$", "±")


def test_the_command_writes_every_format(results: Results, study_file, tmp_path, monkeypatch) -> None:
    assert main(["tables", str(study_file)]) == 0
    names = {path.name for path in (results.folder / "tables").iterdir()}
    assert names == {f"{name}.{suffix}" for name in table_names(results.study) for suffix in FORMATS}


def test_without_results_the_command_says_what_to_do(study_file, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["tables", str(study_file)]) == 1
    assert re.search(r"metrics.csv: no results yet; run snakemake", capsys.readouterr().err)
