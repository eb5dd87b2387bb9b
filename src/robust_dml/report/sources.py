"""The result files that figures are drawn from."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from robust_dml.config import Study
from robust_dml.config.evaluation import AttackAt
from robust_dml.config.paths import attack_folder, model_folder, results_folder, score_path
from robust_dml.config.resolve import runs
from robust_dml.report.selection import headline


def metrics_file(study: Study) -> list[Path]:
    """Return metrics.csv."""
    return [results_folder(study.name) / "metrics.csv"]


def history_files(study: Study) -> list[Path]:
    """Return history.csv of every model."""
    return [model_folder(study.name, run) / "history.csv" for run in runs(study)]


def result_files(study: Study, attacks: Iterable[AttackAt]) -> list[Path]:
    """Return metrics.csv, and the results of these attacks on every model, for their intervals."""
    return [*metrics_file(study), *(score_path(study.name, run, at.label) for at in attacks for run in runs(study))]


def headline_files(study: Study) -> list[Path]:
    """Return the result of the headline attack on every model."""
    return [score_path(study.name, run, headline(study).label) for run in runs(study)]


def example_files(study: Study, datasets: Collection[str]) -> list[Path]:
    """Return examples.npz of the first seed of every model of some datasets."""
    chosen = [run for run in runs(study) if run.dataset in datasets and run.seed == study.seeds[0]]
    return [attack_folder(study.name, run) / "examples.npz" for run in chosen]
