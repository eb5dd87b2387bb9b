"""config/reported.csv: ships empty, and sets the paper's values beside ours where a reader fills it in."""

from __future__ import annotations

from pathlib import Path

import pytest

from robust_dml.report.cells import Numbers
from robust_dml.report.paper_values import beside_ours, read_reported
from robust_dml.report.renderers import to_csv, to_html
from robust_dml.report.results import Results
from robust_dml.report.tables import build_tables
from robust_dml.runtime.errors import UserError

HEAD = "table,row,column,value,page\n"


def filled(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "reported.csv"
    path.write_text(HEAD + "".join(f"{line}\n" for line in lines))
    return path


def test_the_repository_ships_it_empty() -> None:
    path = Path(__file__).parents[2] / "config" / "reported.csv"
    assert path.read_text() == HEAD
    assert read_reported(path) == []


def test_a_value_gets_columns_reported_ours_difference_in_its_table_alone(results: Results, tmp_path: Path) -> None:
    tables = build_tables(Numbers(results))
    path = filled(tmp_path, "main,digits/triplet/robust-anchor,pgd-0.1 recall@1,70.0,7")
    new = {table.name: table for table in beside_ours(tables, read_reported(path), results.study)}
    for table in tables:
        assert (new[table.name] == table) == (table.name != "main")
    main = new["main"]
    assert "as printed in the paper, page 7" in main.caption
    keys = [column.key for column in main.columns]
    at = keys.index("pgd-0.1 recall@1")
    assert keys[at - 1 : at + 2] == ["pgd-0.1 recall@1 reported", "pgd-0.1 recall@1", "pgd-0.1 recall@1 difference"]
    row = next(row for row in main.rows if row.key == "digits/triplet/robust-anchor")
    reported, ours, difference = row.cells[at - 1 : at + 2]
    assert reported.mean == 70.0
    assert difference.mean == pytest.approx(ours.mean - 70.0)
    others = [other.cells[at - 1] for other in main.rows if other is not row]
    assert all(cell.mean is None for cell in others)
    assert "70.0000" in to_csv(main)
    assert "R@1 reported" in to_html(main)


def test_rows_of_datasets_that_a_study_lacks_are_left_out(results: Results, tmp_path: Path) -> None:
    tables = build_tables(Numbers(results))
    path = filled(tmp_path, "main,cub200/triplet/natural,pgd-0.01 recall@1,12.3,7")
    assert beside_ours(tables, read_reported(path), results.study) == tables


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("mian,digits/triplet/natural,clean recall@1,1,1", "line 2: no such table: mian"),
        ("main,digits/triplet/natural,clean recall@1,many,1", "line 2: not a number: 'many'"),
        ("main,digits/triplet/robust,clean recall@1,1,1", "line 2: table main has no row 'digits/triplet/robust'"),
        ("main,digits/triplet/natural,clean r@1,1,1", "line 2: table main has no column 'clean r@1'"),
    ],
)
def test_a_mistake_is_named_with_its_line(results: Results, tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(UserError, match=message.replace("(", r"\(")):
        beside_ours(build_tables(Numbers(results)), read_reported(filled(tmp_path, line)), results.study)


def test_a_wrong_head_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "reported.csv"
    path.write_text("table,row,value\n")
    with pytest.raises(UserError, match="the first line must be table,row,column,value,page"):
        read_reported(path)
