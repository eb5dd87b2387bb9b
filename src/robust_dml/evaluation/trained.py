"""The file of a trained model, tied to the training that made it by its hash."""

from __future__ import annotations

from pathlib import Path

from robust_dml.config import Run, Study
from robust_dml.config.paths import MODEL_FILES, model_folder
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.files import sha256_of
from robust_dml.runtime.sealed import read_sealed


def verified_model(study: Study, run: Run) -> tuple[Path, str]:
    """Return the file of a trained model and its SHA-256, which must be the one that its training recorded.

    Raises UserError if the file is absent or is not the recorded one, such as that of another seed.
    """
    folder = model_folder(study.name, run)
    path = folder / MODEL_FILES[0]
    if not path.exists():
        raise UserError(f"{path}: no such model; run `robust-dml train` with the same names first")
    found, record = sha256_of(path), folder / "run.json"
    recorded = recorded_sha256(record) if record.exists() else found
    if found != recorded:
        raise UserError(
            f"{path}: not the model that was trained: {record} expects SHA-256 {recorded}, found {found}; restore the"
            " file or train the model again"
        )
    return path, found


def recorded_sha256(record: Path) -> str | None:
    """Return the hash of the model in run.json. Raises UserError if the record is damaged or edited."""
    found: str | None = read_sealed(record).get("model_sha256")
    return found
