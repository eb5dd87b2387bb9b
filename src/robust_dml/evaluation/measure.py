"""Measure one threat on one trained model."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, replace
from pathlib import Path

from robust_dml.config import Run, Study
from robust_dml.config.digests import threat_digest
from robust_dml.config.paths import state_folder, threat_path
from robust_dml.config.resolve import backbone_of
from robust_dml.evaluation.kept import Kept
from robust_dml.evaluation.target import Target, load_target
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.locks import only_one
from robust_dml.runtime.progress import say
from robust_dml.runtime.provenance import device_name, revision, versions
from robust_dml.runtime.sealed import write_sealed
from robust_dml.runtime.torch_settings import computing_threads, exact_float32


def measure_threat(study: Study, run: Run, name: str) -> Path:
    """Write the readings of a threat on a model and return their path; without times, so that equal is equal bytes.

    Raises UserError if the study has no such threat, or if the model or its data are missing.
    """
    if name not in study.threats:
        raise UserError(f"no threat {name}; the study has {', '.join(study.threats) or 'none'}")
    config, path = study.threats[name], threat_path(study.name, run, name)
    backbone = backbone_of(study, run)[1]
    lock = state_folder(study.name, run, "threat", f"{name}.lock")
    with exact_float32(), computing_threads(backbone), only_one(lock, f"measuring {name} on {run.path}"):
        target = load_target(study, run)
        kept = Kept(state_folder(study.name, run, "threat", _state(study, name, target)), target.device)
        readings = list(config.record.measure(replace(target, kept=kept), config.options))
    content = {
        **run._asdict(),
        "threat": name,
        "settings": config.model_dump(mode="json"),
        "digest": threat_digest(study, name),
        "readings": [asdict(reading) for reading in readings],
        "model_sha256": target.model_sha256,
        "data_sha256": target.data_sha256,
        "device": device_name(target.device),
        "revision": revision(),
        "versions": versions(),
    }
    write_sealed(path, content)
    kept.clear()
    say(f"{name}: {len(readings)} readings in {path}")
    return path


def _state(study: Study, name: str, target: Target) -> str:
    """Return the name of the folder of what is kept: other settings, code, weights or images have another."""
    identity = "-".join((threat_digest(study, name), target.model_sha256, target.data_sha256, target.device))
    return f"{name}-{hashlib.sha256(identity.encode()).hexdigest()[:16]}"
