"""A study in at most ten numbers and two curves: what `dvc metrics` and `dvc plots` show of it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import fmean

from robust_dml.config import ModelName, Study
from robust_dml.config.evaluation import CLEAN
from robust_dml.config.paths import results_folder
from robust_dml.report.results import Results
from robust_dml.report.seeds import mean
from robust_dml.report.selection import curve, headline, measured_groups, models_in_panel, natural, robust
from robust_dml.runtime.files import write_text

MODELS = 5
DIGITS = 6

Measured = float | str
"""A number, or an empty cell where nothing was measured."""


def panel(study: Study) -> list[ModelName]:
    """Return the models of the study's first dataset and loss, and those of the dataset that are not trained."""
    return models_in_panel(study, measured_groups(study)[0])


def headline_models(study: Study) -> list[ModelName]:
    """Return at most five models of the panel: natural, robust, then as the YAML has them."""
    group, shown = measured_groups(study)[0], panel(study)
    first = [model for model in shown if model.training in (natural(study, group), robust(study, group))]
    return list(dict.fromkeys([*first, *shown]))[:MODELS]


def headline_numbers(results: Results) -> dict[str, dict[str, float]]:
    """Return recall@1 of these models, clean and under the headline attack, as shares in [0, 1], means over seeds."""
    found: dict[str, dict[str, float]] = {}
    for name, at in (("clean", CLEAN), ("attacked", headline(results.study))):
        values = {model.training: mean(results.seeds(model, at.label)) for model in headline_models(results.study)}
        found[name] = {training: round(value, DIGITS) for training, value in values.items() if value is not None}
    return found


def recall_rows(results: Results) -> list[tuple[str, float, float]]:
    """Return training, epsilon and recall@1 of the curve of the worst case, for every model of the panel."""
    places = [(at.epsilon, at.label) for at in (CLEAN, *curve(results.study))]
    models = panel(results.study)
    found = [(model, epsilon, mean(results.seeds(model, label))) for model in models for epsilon, label in places]
    return [(model.training, epsilon, round(value, DIGITS)) for model, epsilon, value in found if value is not None]


def training_rows(results: Results) -> list[tuple[str, int, Measured, Measured]]:
    """Return training, epoch, loss and recall@1 of every trained model of the panel, means over seeds."""
    rows: list[tuple[str, int, Measured, Measured]] = []
    for model in panel(results.study):
        by_epoch: dict[int, list[tuple[float | None, float | None]]] = {}
        for run in results.runs(model):
            for row in results.history(run):
                by_epoch.setdefault(row.epoch, []).append((row.loss, row.recall))
        for epoch, measured in by_epoch.items():
            losses, recalls = zip(*measured, strict=True)
            rows.append((model.training, epoch, _mean(losses), _mean(recalls)))
    return rows


def write_headlines(study: Study) -> list[Path]:
    """Write metrics.json, recall.csv and training.csv to the study's results, and return their paths.

    Raises UserError if metrics.csv or a history is damaged.
    """
    results, folder = Results(study), results_folder(study.name)
    texts = {
        folder / "metrics.json": json.dumps(headline_numbers(results), indent=2) + "\n",
        folder / "recall.csv": _csv(("training", "epsilon", "recall@1"), recall_rows(results)),
        folder / "training.csv": _csv(("training", "epoch", "loss", "recall@1"), training_rows(results)),
    }
    for path, text in texts.items():
        write_text(path, text)
    return list(texts)


def _mean(values: Sequence[float | None]) -> Measured:
    known = [value for value in values if value is not None]
    return round(fmean(known), DIGITS) if known else ""


def _csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue()
