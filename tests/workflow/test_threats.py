"""Threats in a finished study: measured, collected, tabled and drawn; of the rest only the report runs again."""

from __future__ import annotations

import csv
from pathlib import Path

from checkout import run_snakemake

THREATS = """
threats:
  hub: {kind: hub, epsilon: [0.1], steps: 3, candidates: 3, rank: 10}
  edits: {kind: edits, edits: [overlay, flip], severities: [1, 5]}
"""
# Not the notebooks, which cost more than all threats.
PAGE = tuple(f"results/ci/{name}" for name in ("report.html", "threats.csv", "tables/main.csv"))


def test_threats_are_measured_collected_tabled_and_drawn(checkout: Path) -> None:
    study, results = checkout / "config" / "ci.yaml", checkout / "results" / "ci"
    before = (results / "metrics.csv").read_bytes()
    attacked = {path: path.stat().st_mtime_ns for path in (results / "attacks").rglob("*.npz")}
    study.write_text(study.read_text() + THREATS)
    run = run_snakemake(checkout, *PAGE)
    assert run.returncode == 0, run.stdout + run.stderr
    assert len(list((results / "threats").rglob("*.json"))) == 4
    assert attacked == {path: path.stat().st_mtime_ns for path in (results / "attacks").rglob("*.npz")}
    assert (results / "metrics.csv").read_bytes() == before
    with (results / "threats.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert {(row["training"], row["threat"]) for row in rows} == {
        (training, threat) for training in ("natural", "robust-anchor") for threat in ("hub", "edits")
    }
    for name in ("hub", "edits"):
        assert (results / "tables" / f"{name}.csv").exists() and (results / "figures" / f"{name}.png").exists()
    page = (results / "report.html").read_text()
    assert "Adversarial hubs" in page and "Common corruptions and edits" in page
    again = run_snakemake(checkout, "--dry-run", *PAGE)
    assert "Nothing to be done" in again.stdout + again.stderr
