"""Which tables and figures a study has, and what each figure is drawn from; light, since the workflow plans with it."""

from __future__ import annotations

from pathlib import Path

from robust_dml.config import Run, Study
from robust_dml.config.paths import attack_folder, model_folder, results_folder
from robust_dml.config.resolve import runs
from robust_dml.report.selection import (
    headline,
    rate_series,
    rivals,
    slot_series,
    step_results,
)

TABLES = ("summary", "main", "slot", "rate", "rival", "protocol", "attacks", "checks")
TABLE_FORMATS = ("csv", "tex", "html")
FIGURE_FORMATS = ("pdf", "png")


def table_names(study: Study) -> list[str]:
    """The tables that the study has something to put into."""
    empty = {
        "slot": not slot_series(study),
        "rate": not rate_series(study),
        "rival": not rivals(study),
    }
    return [name for name in TABLES if not empty.get(name)]


def figure_names(study: Study) -> list[str]:
    """The figures that the study has something to draw in."""
    main = headline(study).attack
    has = {
        "retrieval": study.report.examples > 0 and bool(photographs(study)),
        "gaussians": any(dataset.kind == "gaussians" for dataset in study.datasets.values()),
        "epsilon": len(study.attacks[main].epsilon) > 1,
        "steps": len(step_results(study)) > 1,
        "curves": True,
        "slot": bool(slot_series(study)),
        "shift": True,
    }
    return [name for name, wanted in has.items() if wanted]


def photographs(study: Study) -> list[str]:
    """The datasets whose images are worth looking at; the Gaussians are noise to the eye."""
    return [name for name, dataset in study.datasets.items() if dataset.kind != "gaussians"]


def figure_sources(study: Study, name: str) -> list[Path]:
    """The result files that a figure is drawn from."""
    if name == "curves":
        return [model_folder(study.name, run) / "history.csv" for run in runs(study)]
    if name == "shift":
        return [attack_folder(study.name, run) / f"{headline(study).name}.json" for run in runs(study)]
    if name in ("retrieval", "gaussians"):
        kinds = photographs(study)
        chosen = [run for run in runs(study) if (run.dataset in kinds) == (name == "retrieval")]
        return [attack_folder(study.name, run) / "examples.npz" for run in chosen if run.seed == study.seeds[0]]
    return [results_folder(study.name) / "metrics.csv"]


def table_files(study: Study) -> list[Path]:
    """What `robust-dml tables` writes."""
    folder = results_folder(study.name) / "tables"
    return [folder / f"{name}.{suffix}" for name in table_names(study) for suffix in TABLE_FORMATS]


def figure_files(study: Study, name: str) -> list[Path]:
    """What `robust-dml figures --only NAME` writes."""
    return [results_folder(study.name) / "figures" / f"{name}.{suffix}" for suffix in FIGURE_FORMATS]


def report_files(study: Study) -> list[Path]:
    """Everything that a reader of a study is given."""
    folder = results_folder(study.name)
    figures = [path for name in figure_names(study) for path in figure_files(study, name)]
    return [folder / "metrics.csv", *table_files(study), *figures, folder / "claims.json", folder / "report.html"]


def notebook_sources(study: Study, name: str) -> list[Path]:
    """The result files that a notebook reads; only `results` reads any."""
    if name != "results":
        return []
    figures = [figure_files(study, figure)[-1] for figure in figure_names(study)]
    return [*table_files(study), *figures, results_folder(study.name) / "claims.json"]


def report_sources(study: Study) -> list[Path]:
    """The small result files that tables, claims and page rest on, beside metrics.csv."""
    return [path for run in runs(study) for path in _records(study, run)]


def _records(study: Study, run: Run) -> list[Path]:
    model, attacks = model_folder(study.name, run), attack_folder(study.name, run)
    return [model / "run.json", attacks / "run.json", attacks / "checks.json", attacks / "clean.json"]
