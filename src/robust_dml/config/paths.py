"""Where a study keeps its files; the Snakefile and the command line ask here, so they agree."""

from __future__ import annotations

from pathlib import Path

from robust_dml.config.resolve import Run

RESULTS = Path("results")
STATE = Path("state")


def results_folder(study: str) -> Path:
    """Everything a study makes but its data: results/<study>."""
    return RESULTS / study


def model_folder(study: str, run: Run) -> Path:
    """model.safetensors, history.csv and run.json of one model."""
    return results_folder(study) / "models" / run.path


def attack_folder(study: str, run: Run) -> Path:
    """One JSON file per attack on one model, and checks.json."""
    return results_folder(study) / "attacks" / run.path


def state_folder(study: str, run: Run, stage: str, digest: str) -> Path:
    """What a killed job goes on from; neither Snakemake nor DVC owns it. `stage` is train or attack."""
    return STATE / study / stage / run.path / digest
