"""Arguments that several commands share."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robust_dml.runtime.errors import UserError
from robust_dml.runtime.suggestion import did_you_mean

if TYPE_CHECKING:
    from robust_dml.config import Run, Study


def add_study(parser: argparse.ArgumentParser, nargs: str | None = None) -> None:
    """Add STUDY, its YAML."""
    words = "the study's YAML, such as config/demo.yaml, or demo for short"
    action = parser.add_argument("study", type=study_file, nargs=nargs, metavar="STUDY", help=words)
    vars(action)["complete"] = dict.fromkeys(("bash", "zsh"), "_robust_dml_studies")  # read by `robust-dml completion`


def study_file(word: str) -> Path:
    """Return the file of a study that is given by its path, or by its name in config/, such as demo."""
    path, named = Path(word), Path("config", f"{word}.yaml")
    return named if named.is_file() and not path.is_file() else path


def radius(word: str) -> float:
    """Return a radius such as 0.03 or 8/255. Raises ValueError if it is neither."""
    numerator, _, denominator = word.partition("/")
    if denominator and float(denominator) == 0:
        raise ValueError(f"{word} divides by zero")
    return float(numerator) / float(denominator or 1)


def add_run(parser: argparse.ArgumentParser) -> None:
    """Add STUDY and the four names that single out one model of it."""
    add_study(parser)
    parser.add_argument("--dataset", required=True, help="a dataset of the study")
    parser.add_argument("--loss", required=True, help="a loss of the study")
    parser.add_argument("--training", required=True, help="a training of the study")
    parser.add_argument("--seed", required=True, type=int, help="a seed of the study")
    add_settings(parser)


def add_dataset(parser: argparse.ArgumentParser) -> None:
    """Add STUDY and the name of one of its datasets."""
    add_study(parser)
    parser.add_argument("--dataset", required=True, help="a dataset of the study")
    add_settings(parser)


def add_workers(parser: argparse.ArgumentParser) -> None:
    """Add --workers, the processes that decode images."""
    parser.add_argument("--workers", type=int, help="processes that decode images; one per core if absent")


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add --settings, the digest of the settings that the workflow planned with."""
    parser.add_argument("--settings", metavar="DIGEST", help="stop if the settings of this job have another digest")


def load_run(arguments: argparse.Namespace, settings: Callable[[Study, Run], Any]) -> tuple[Study, Run]:
    """Return the study and the run of the arguments of `add_run`.

    `settings` returns what the job depends on; its digest must be the one that the workflow planned with.
    """
    from robust_dml.config import Run, load_study
    from robust_dml.config.resolve import runs

    study = load_study(arguments.study)
    run = Run(arguments.dataset, arguments.loss, arguments.training, arguments.seed)
    if run not in set(runs(study)):
        parts = ((run.dataset, study.datasets), (run.loss, study.losses), (run.training, study.trainings))
        meant = "".join(did_you_mean(name, known) for name, known in parts if name not in known)
        raise UserError(f"{arguments.study}: the study has no model {run.path}{meant}; `robust-dml status` lists them")
    require_settings(arguments, settings(study, run))
    return study, run


def load_dataset(arguments: argparse.Namespace) -> tuple[Study, str]:
    """Return the study and the dataset of `add_dataset`. Raises UserError if the planned digest is another."""
    from robust_dml.config import load_study
    from robust_dml.config.digests import data_digest

    study = load_study(arguments.study)
    require_dataset(arguments.study, study, arguments.dataset)
    require_settings(arguments, data_digest(study, arguments.dataset))
    return study, arguments.dataset


def require_dataset(path: Path, study: Study, name: str) -> None:
    """Raise UserError if the study at `path` has no such dataset."""
    if name not in study.datasets:
        meant = did_you_mean(name, study.datasets)
        raise UserError(f"{path}: the study has no dataset {name}{meant}; it has {', '.join(study.datasets)}")


def require_settings(arguments: argparse.Namespace, settings: Any) -> None:
    """Raise UserError if settings or code are not those the workflow planned with; `settings` may be their digest."""
    from robust_dml.runtime.files import digest_of

    if arguments.settings and arguments.settings != (settings if isinstance(settings, str) else digest_of(settings)):
        raise UserError(f"{arguments.study}: changed since the workflow was planned; run snakemake again")
