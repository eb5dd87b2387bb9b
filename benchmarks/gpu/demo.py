"""The demo's first natural and robust model, trained and attacked on the GPU, beside the CPU's recorded figures."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.gpu.size import Size
from benchmarks.row import Row, figures

if TYPE_CHECKING:
    from robust_dml.config import Run, Study

ROOT = Path(__file__).parents[2]
RECORD = ROOT / "results" / "demo" / "metrics.csv"
NEAR = 0.05  # of recall@1, where the record has no interval


def rows(size: Size) -> Iterator[Row]:
    """Yield one row per model; the goal is a recall@1 within the recorded interval, clean and attacked."""
    with TemporaryDirectory() as folder:
        before = Path.cwd()
        os.chdir(folder)
        try:
            study = small_study(size)
            for run in chosen(study):
                yield compared(study, run, recalls(study, run))
        finally:
            os.chdir(before)


def small_study(size: Size) -> Study:
    """Return the demo, or the study of the tests in the tiny form, with one seed and its first PGD alone."""
    from robust_dml.config import load_study
    from robust_dml.data.index.build import build_index
    from robust_dml.data.store.build import build_store

    study = load_study(ROOT / "config" / ("ci.yaml" if size.tiny else "demo.yaml"))
    name, attack = next((name, attack) for name, attack in study.attacks.items() if attack.optimiser == "pgd")
    few = study.evaluation.model_copy(update={"check_queries": 0, "as_released": False})
    first = attack.model_copy(update={"epsilon": attack.epsilon[:1]})
    headline = study.report.model_copy(update={"headline": f"{name}-{attack.epsilon[0]:g}"})
    changes = {"device": size.device, "evaluation": few, "attacks": {name: first}, "report": headline}
    study = study.model_copy(update=changes)
    config = next(iter(study.datasets.values()))
    build_index(config, study.data_root, study.sources, workers=1)
    build_store(config, study.data_root, workers=1)
    return study


def chosen(study: Study) -> list[Run]:
    """Return the first natural and the first robust model of the first dataset."""
    from robust_dml.config.resolve import runs

    found: dict[str, Run] = {}
    first = next(iter(study.datasets))
    for run in runs(study):
        if run.dataset == first and run.training not in study.models:
            found.setdefault(study.trainings[run.training].record.family, run)
    return [found[family] for family in ("natural", "robust") if family in found]


def recalls(study: Study, run: Run) -> dict[str, float]:
    """Train and attack a model; return recall@1 by the name of the attack, `none` for unperturbed queries."""
    from robust_dml.config.evaluation import CLEAN, attacks_of
    from robust_dml.config.paths import score_path
    from robust_dml.evaluation.attack import attack_model
    from robust_dml.evaluation.score import score_model
    from robust_dml.runtime.files import read_json
    from robust_dml.training import train

    train(study, run)
    attack_model(study, run)
    score_model(study, run)
    found = {}
    for at in (CLEAN, *attacks_of(study)):
        found[at.name] = float(read_json(score_path(study.name, run, at.label))["metrics"]["masked"]["recall@1"])
    return found


def compared(study: Study, run: Run, found: dict[str, float]) -> Row:
    """Return a row with the figures and what is recorded of the same model on the CPU."""
    recorded = {attack: interval(study, run, attack) for attack in found}
    values = {f"{attack}": f"{value:.3f} (recorded {said(recorded[attack])})" for attack, value in found.items()}
    known = {attack: ends for attack, ends in recorded.items() if ends}
    met = all(low <= found[attack] <= high for attack, (_, low, high) in known.items()) if known else None
    row = figures(f"{study.name}: recall@1 of {'/'.join(map(str, run))}", values, met=met)
    return row | {"goal": "within the recorded intervals" if known else "", "recalls": found}


def interval(study: Study, run: Run, attack: str) -> tuple[float, float, float] | None:
    """Return value, low and high of recall@1 of a model in the recorded table; None if it is not there."""
    from robust_dml.config.evaluation import CLEAN, attacks_of

    if not RECORD.exists() or study.name != "demo":
        return None
    epsilon = next((at.epsilon for at in (CLEAN, *attacks_of(study)) if at.name == attack), 0.0)
    wanted = {**dict(zip(("dataset", "loss", "training", "seed"), map(str, run), strict=True)), "attack": attack}
    wanted |= {"metric": "recall@1", "protocol": "masked"}
    with RECORD.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            same = all(row.get(key) == value for key, value in wanted.items())
            if same and abs(float(row["epsilon"] or 0) - epsilon) < 1e-9:
                value = float(row["value"])
                return value, float(row.get("low") or value - NEAR), float(row.get("high") or value + NEAR)
    return None


def said(ends: tuple[float, float, float] | None) -> str:
    """Return a recorded figure in words."""
    return "nothing" if ends is None else "{:.3f}, {:.3f} to {:.3f}".format(*ends)
