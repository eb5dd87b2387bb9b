"""checks.json and run.json of one attacked model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from robust_dml.config import Run, Study
from robust_dml.config.digests import attack_settings, score_digest, score_settings
from robust_dml.config.evaluation import CLEAN
from robust_dml.config.paths import attack_folder
from robust_dml.evaluation.attacked import Attacked
from robust_dml.evaluation.check_inputs import CheckInputs
from robust_dml.evaluation.planned import attack_digests, planned_attacks
from robust_dml.evaluation.stored import StoredResults
from robust_dml.records import Check
from robust_dml.runtime.files import sha256_of
from robust_dml.runtime.provenance import made_with
from robust_dml.runtime.sealed import write_sealed


def write_checks(path: Path, checks: Sequence[Check], inputs: CheckInputs) -> None:
    """Run every check and write what each found."""
    findings = [{"check": check.title, "gate": check.gate, **asdict(check.run(inputs))} for check in checks]
    write_sealed(path, {"checks": findings})


def write_record(study: Study, run: Run, stored: StoredResults) -> None:
    """Write how the results of a model were made: settings, hashes, versions, and the seconds of each attack.

    The examples must be written before.
    """
    clean = stored.load(CLEAN.label).origin
    digest = score_digest(study, run)
    planned = [CLEAN, *planned_attacks(study, run)]
    content = {
        "settings": {
            "score": score_settings(study, run),
            "attacks": {at.label: attack_settings(study, at) for at in planned},
        },
        "digest": digest,
        "embeddings": attack_digests(study),
        "seed": run.seed,
        "data_sha256": clean.data_sha256,
        "model_sha256": clean.model_sha256,
        "device": clean.device,
        **made_with(),
        "examples_sha256": sha256_of(attack_folder(study.name, run) / "examples.npz"),
        "attacks": {at.label: _speed(stored.load(at.label)) for at in planned if at.config and at.label in stored},
    }
    write_sealed(attack_folder(study.name, run) / "run.json", content)


def _speed(attacked: Attacked) -> dict[str, float | None]:
    seconds = attacked.origin.seconds
    return {"seconds": seconds, "queries_per_second": round(len(attacked.positions) / seconds, 3) if seconds else None}
