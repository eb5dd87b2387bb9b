"""Why the numbers of a card are not verified: the gates of the protocol that they failed."""

from __future__ import annotations

from robust_dml.config import Run, Study
from robust_dml.config.evaluation import CLEAN
from robust_dml.config.paths import attack_folder
from robust_dml.runtime.sealed import read_sealed


def reasons_against(study: Study, run: Run, attack: str) -> list[str]:
    """Return what each gate found that a result of an attack, or of unperturbed queries, did not pass."""
    labels = {CLEAN.label, *(f"{attack}-{radius:g}" for radius in study.attacks[attack].epsilon)}
    reasons = []
    for found in read_sealed(attack_folder(study.name, run) / "checks.json")["checks"]:
        failed = found["verdict"] == "fail" and labels & set(found["taints"])
        if found["gate"] and (failed or found["verdict"] == "not run"):
            reasons.append(f"{found['check']}: {found['why']}")
    return reasons
