"""The images of an audit: of a folder, of a CSV file, or of a study, whose settings of the evaluation apply too."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from robust_dml.auditing.encoder import plain_name
from robust_dml.config import load_study
from robust_dml.config.data import NO_SPLIT
from robust_dml.config.resolve import dataset_settings
from robust_dml.runtime.errors import UserError

SIZE, SHORT_SIDE = 224, 256
STUDIES = (".yaml", ".yml")


@dataclass(frozen=True)
class AuditData:
    """The name and the settings of a dataset, without a backbone, and what the study that it is of says besides."""

    name: str
    settings: dict[str, Any]
    sections: dict[str, Any] = field(default_factory=dict)
    """Keys of a study."""
    channels_last: bool = False
    attacks: dict[str, Any] = field(default_factory=dict)
    """The attacks of that study."""
    sample_seed: int | None = None
    """The first seed of that study, which chooses the queries of a sample; None for that of the encoder."""


def audit_data(data: str, transform: dict[str, Any]) -> AuditData:
    """Return the images that `data` names; `transform` is that of a folder or a CSV file.

    Raises UserError if there are none.
    """
    file, separator, dataset = data.rpartition(":")
    for path, name in ((Path(data), ""), *([(Path(file), dataset)] if separator else [])):
        if path.suffix in STUDIES:
            return _of_study(path, name)
    path = Path(data)
    if path.is_dir():
        own = {"kind": "folder", "folder": str(path), "split": NO_SPLIT}
    elif path.suffix == ".csv" and path.is_file():
        own = {"kind": "csv", "csv": str(path)}
    else:
        raise UserError(f"{data}: expected a folder of class folders, a CSV file, or STUDY.yaml:DATASET; found neither")
    return AuditData(plain_name(path.resolve().stem), {**own, "transform": transform})


def square(size: int | None) -> dict[str, Any]:
    """Return the transform to a square: at 224 pixels as usual by way of 256, else by way of the side itself."""
    side = size or SIZE
    return {"size": side, "resize": SHORT_SIDE if side == SIZE else side, "train_side": "original"}


def _of_study(path: Path, name: str) -> AuditData:
    study = load_study(path)
    if not name and len(study.datasets) > 1:
        raise UserError(f"{path}: has several datasets; write {path}:NAME, of {', '.join(study.datasets)}")
    chosen = name or next(iter(study.datasets))
    if chosen not in study.datasets:
        raise UserError(f"{path}: the study has no dataset {chosen}; it has {', '.join(study.datasets)}")
    return AuditData(
        name=chosen,
        settings=dataset_settings(study, chosen),
        sections=study.model_dump(mode="json", include={"device", "sources", "data_root", "evaluation"}),
        channels_last=study.optimisation.channels_last,
        attacks=study.model_dump(mode="json", include={"attacks"})["attacks"],
        sample_seed=study.seeds[0],
    )
