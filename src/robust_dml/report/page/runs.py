"""The run behind a number, as the page shows it: settings, seed, revision, time."""

from __future__ import annotations

import json
from dataclasses import dataclass

from robust_dml.config import ModelName, Run
from robust_dml.report.labels import duration
from robust_dml.report.results import Results
from robust_dml.report.selection import models_of

NOT_YET = "not yet"


@dataclass(frozen=True)
class SeedRun:
    """One trained and attacked model, as text."""

    seed: int
    trained: str
    training_time: str
    attacked: str
    attack_time: str
    revision: str
    device: str
    model_sha256: str
    data_sha256: str


@dataclass(frozen=True)
class ModelRuns:
    """The seeds of one model, and the settings that they share."""

    model: ModelName
    seeds: tuple[SeedRun, ...]
    settings: str

    @property
    def anchor(self) -> str:
        """The anchor that numbers link to."""
        return f"run-{'-'.join(self.model)}"


def model_runs(results: Results) -> list[ModelRuns]:
    """Return the runs of every model of the study, in its order."""
    return [_model(results, model) for model in models_of(results.study)]


def _model(results: Results, model: ModelName) -> ModelRuns:
    runs = results.runs(model)
    records = [record for run in runs if (record := results.model_record(run))]
    settings = records[0].settings if records else {}
    shared = {name: value for name, value in settings.items() if name != "seed"}
    return ModelRuns(model, tuple(_seed(results, run) for run in runs), json.dumps(shared, indent=2))


def _seed(results: Results, run: Run) -> SeedRun:
    model, attacks = results.model_record(run), results.attack_record(run)
    times = [attack.seconds for attack in attacks.attacks.values()] if attacks else []
    return SeedRun(
        seed=run.seed,
        trained=_time(model.finished) if model else NOT_YET,
        training_time=duration(model.totals.seconds) if model else "",
        attacked=_time(attacks.finished) if attacks else NOT_YET,
        attack_time=duration(sum(times)) if times else "",
        revision=model.revision if model else "",
        device=model.device if model else "",
        model_sha256=model.model_sha256 if model else "",
        data_sha256=model.data_sha256 if model else "",
    )


def _time(finished: str) -> str:
    return finished.replace("T", " ").replace("+00:00", " UTC")
