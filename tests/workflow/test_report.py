"""The report in the workflow: one figure redrawn alone, nothing trained or attacked for it, Snakemake's own report."""

import re
import zipfile
from pathlib import Path

from checkout import run_snakemake

FIGURES = Path("results/ci/figures")


def planned(folder: Path) -> dict[str, int]:
    """Jobs per rule that a dry run would start."""
    run = run_snakemake(folder, "--dry-run", "--quiet", "rules")
    assert run.returncode == 0, run.stdout + run.stderr
    rows = re.findall(r"^(\w+)\s+(\d+)$", run.stdout + run.stderr, flags=re.MULTILINE)
    return {rule: int(count) for rule, count in rows if rule not in ("total", "all")}


def test_a_deleted_figure_is_redrawn_alone(checkout: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (checkout / FIGURES).iterdir()}
    figure = checkout / FIGURES / "shift.png"
    bytes_of = figure.read_bytes()
    figure.unlink()
    run = run_snakemake(checkout, str(FIGURES / "shift.png"))
    assert run.returncode == 0, run.stdout + run.stderr
    changed = {path.name for path, time in before.items() if path.stat().st_mtime_ns != time}
    assert changed == {"shift.pdf", "shift.png"}
    assert figure.read_bytes() == bytes_of


def test_changed_claims_judge_them_again_and_nothing_before(checkout: Path) -> None:
    claims = checkout / "config" / "claims.yaml"
    claims.write_text(claims.read_text().replace("at_least: 0.05", "at_least: 0.06"))
    assert planned(checkout) == {"check_claims": 1, "render_page": 1, "run_notebook": 1}


def test_reported_values_make_tables_and_page_again(checkout: Path) -> None:
    reported = checkout / "config" / "reported.csv"
    reported.write_text(reported.read_text() + "main,digits/triplet/natural,clean recall@1,90,1\n")
    assert planned(checkout) == {"make_tables": 1, "render_page": 1, "run_notebook": 1}


def test_snakemakes_own_report_has_tables_figures_and_captions(checkout: Path) -> None:
    run = run_snakemake(checkout, "--report", "report.zip")
    assert run.returncode == 0, run.stdout + run.stderr
    with zipfile.ZipFile(checkout / "report.zip") as report:
        names = {Path(name).name for name in report.namelist()}
        text = "".join(report.read(name).decode(errors="ignore") for name in report.namelist() if name.endswith("html"))
    assert {"main.html", "shift.png", "claims.json"} <= names
    assert "Share of the queries whose embedding moves" in text
