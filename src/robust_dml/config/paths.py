"""Where a study keeps its files; the Snakefile and the command line both use these paths."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from robust_dml.config.resolve import Run

RESULTS = Path("results")
RECORDS = Path("records")
STATE = Path("state")
MODEL_FILES = ("model.safetensors", "history.csv", "run.json")
SCORE_FILES = ("checks.json", "examples.npz", "run.json")


_chosen: ContextVar[Path | None] = ContextVar("chosen", default=None)


@contextmanager
def results_in(folder: Path) -> Iterator[None]:
    """Keep the results of a study in a folder of the user's choice while entered, and its state in folder/state."""
    token = _chosen.set(folder)
    try:
        yield
    finally:
        _chosen.reset(token)


def results_folder(study: str) -> Path:
    """Return the folder of everything that a study makes but its data: results/<study>."""
    return _chosen.get() or RESULTS / study


def states_folder(study: str) -> Path:
    """Return the folder of the progress of a study's killed jobs: state/<study>."""
    chosen = _chosen.get()
    return chosen / STATE if chosen else STATE / study


def record_folder(study: str) -> Path:
    """Return the folder of the numbers of a study that were reviewed and are in git: records/<study>."""
    return RECORDS / study


def model_folder(study: str, run: Run) -> Path:
    """Return the folder of model.safetensors, history.csv and run.json of one model."""
    return results_folder(study) / "models" / run.path


def attack_folder(study: str, run: Run) -> Path:
    """Return the folder of one model's results: stored embeddings, and a .json of scores per attack."""
    return results_folder(study) / "attacks" / run.path


def attacked_path(study: str, run: Run, digest: str) -> Path:
    """Return the file of the embeddings of the queries under one attack, named by the digest of what shapes it."""
    return attack_folder(study, run) / "embeddings" / f"{digest}.npz"


def score_path(study: str, run: Run, label: str) -> Path:
    """Return the file of the scores of one attack."""
    return attack_folder(study, run) / f"{label}.json"


def state_folder(study: str, run: Run, stage: str, digest: str) -> Path:
    """Return the folder of a killed job's progress; neither Snakemake nor DVC owns it. `stage` is train or attack."""
    return states_folder(study) / stage / run.path / digest


def threat_path(study: str, run: Run, name: str) -> Path:
    """Return the file of the readings of one threat on one model."""
    return results_folder(study) / "threats" / run.path / f"{name}.json"
