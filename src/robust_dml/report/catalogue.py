"""The tables and figures of a study, and the files that they are made from; the workflow plans with these."""

from __future__ import annotations

from pathlib import Path

from robust_dml.config import Run, Study
from robust_dml.config.evaluation import result_labels
from robust_dml.config.paths import attack_folder, model_folder, results_folder, score_path
from robust_dml.config.resolve import runs
from robust_dml.records import FIGURES, TABLES, FigureRecord, TableRecord
from robust_dml.registry import Registry
from robust_dml.report.selection import photographs
from robust_dml.report.sources import example_files

TABLE_FORMATS = ("csv", "tex", "html")
FIGURE_FORMATS = ("pdf", "png")


def table_names(study: Study) -> list[str]:
    """Return the tables that the study has something to put into, in their order."""
    return _wanted(TABLES, study)


def figure_names(study: Study) -> list[str]:
    """Return the figures that the study has something to draw in, in their order."""
    return _wanted(FIGURES, study)


def _wanted(registry: Registry[TableRecord] | Registry[FigureRecord], study: Study) -> list[str]:
    records = {name: registry.load(name) for name in registry.names}
    wanted = [name for name, record in records.items() if record.wanted(study)]
    return sorted(wanted, key=lambda name: records[name].order)


def figure_sources(study: Study, name: str) -> list[Path]:
    """Return the result files that a figure is drawn from."""
    return FIGURES.load(name).sources(study)


def table_files(study: Study) -> list[Path]:
    """Return what `robust-dml tables` writes."""
    folder = results_folder(study.name) / "tables"
    return [folder / f"{name}.{suffix}" for name in table_names(study) for suffix in TABLE_FORMATS]


def figure_files(study: Study, name: str) -> list[Path]:
    """Return what `robust-dml figures --only NAME` writes."""
    return [results_folder(study.name) / "figures" / f"{name}.{suffix}" for suffix in FIGURE_FORMATS]


def report_files(study: Study) -> list[Path]:
    """Return everything that a reader of a study is given."""
    folder = results_folder(study.name)
    figures = [path for name in figure_names(study) for path in figure_files(study, name)]
    return [folder / "metrics.csv", *table_files(study), *figures, folder / "claims.json", folder / "report.html"]


def notebook_sources(study: Study, name: str) -> list[Path]:
    """Return the result files that a notebook reads; only `results` reads any."""
    if name != "results":
        return []
    figures = [figure_files(study, figure)[-1] for figure in figure_names(study)]
    return [*table_files(study), *figures, results_folder(study.name) / "claims.json"]


def report_sources(study: Study) -> list[Path]:
    """Return the result files of models that tables, claims and page are made from, beside metrics.csv."""
    return [path for run in runs(study) for path in _records(study, run)]


def page_sources(study: Study) -> list[Path]:
    """Return the examples that the explorer of the page shows."""
    return example_files(study, photographs(study)) if study.report.examples else []


def _records(study: Study, run: Run) -> list[Path]:
    model, attacks = model_folder(study.name, run), attack_folder(study.name, run)
    scores = [score_path(study.name, run, label) for label in result_labels(study)]
    return [model / "run.json", attacks / "run.json", attacks / "checks.json", *scores]
