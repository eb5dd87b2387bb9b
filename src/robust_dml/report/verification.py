"""Whether the worst case of the standard is verified for a model: whether it passed every gate."""

from __future__ import annotations

from dataclasses import dataclass

from robust_dml.config import ModelName, Study
from robust_dml.config.evaluation import attacks_of
from robust_dml.report.cells import Numbers
from robust_dml.report.selection import is_standard, models_of

NO_GATE = "no gate was run"


@dataclass(frozen=True)
class Verification:
    """The verdict on one model; `reasons` are the gates that a seed did not pass, and why."""

    model: ModelName
    reasons: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """One word for tables."""
        return "unverified" if self.reasons else "verified"


def has_standard(study: Study) -> bool:
    """Return whether the study runs the standard."""
    return any(is_standard(at) for at in attacks_of(study))


def verifications(numbers: Numbers) -> list[Verification]:
    """Return the verdict on each model that was attacked; none if the study does not run the standard."""
    models = models_of(numbers.study) if has_standard(numbers.study) else []
    return [found for model in models if (found := verification(numbers, model))]


def verification(numbers: Numbers, model: ModelName) -> Verification | None:
    """Return the verdict on a model: verified where each seed passed every gate; None if it has not been attacked."""
    findings = numbers.findings.get(model, [])
    if not findings:
        return None
    gates = [each for each in findings if each.finding.gate]
    reasons = [
        f"seed {seed}: {finding.check}: {finding.why or finding.verdict}"
        for seed, finding in gates
        if finding.verdict != "pass"
    ]
    return Verification(model, tuple(reasons) if gates else (NO_GATE,))
