"""What the page says of the run behind a number: settings, seed, revision, time."""

from __future__ import annotations

import json
from dataclasses import dataclass

from robust_dml.config import Run
from robust_dml.report.flags import Model
from robust_dml.report.labels import duration
from robust_dml.report.results import Record, Results
from robust_dml.report.selection import groups, trainings_of

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

    model: Model
    seeds: tuple[SeedRun, ...]
    settings: str

    @property
    def anchor(self) -> str:
        """Where numbers link to."""
        return f"run-{'-'.join(self.model)}"


def model_runs(results: Results) -> list[ModelRuns]:
    """Every model of the study, in its order."""
    study = results.study
    models = [(dataset, loss, name) for dataset, loss in groups(study) for name in trainings_of(study, dataset, loss)]
    return [_model(results, model) for model in models]


def _model(results: Results, model: Model) -> ModelRuns:
    runs = results.runs(*model)
    records = [record for run in runs if (record := results.model_record(run))]
    shared = {name: value for name, value in (records[0]["settings"] if records else {}).items() if name != "seed"}
    seeds = tuple(_seed(run, results.model_record(run), results.attack_record(run)) for run in runs)
    return ModelRuns(model, seeds, json.dumps(shared, indent=2))


def _seed(run: Run, model: Record | None, attacks: Record | None) -> SeedRun:
    model, attacks = model or {}, attacks or {}
    times = [attack["seconds"] for attack in attacks.get("attacks", {}).values()]
    return SeedRun(
        seed=run.seed,
        trained=_time(model.get("finished")),
        training_time=duration(model["totals"]["seconds"]) if model else "",
        attacked=_time(attacks.get("finished")),
        attack_time=duration(sum(times)) if times else "",
        revision=str(model.get("revision", "")),
        device=str(model.get("device", "")),
        model_sha256=str(model.get("model_sha256", "")),
        data_sha256=str(model.get("data_sha256", "")),
    )


def _time(finished: str | None) -> str:
    return finished.replace("T", " ").replace("+00:00", " UTC") if finished else NOT_YET
