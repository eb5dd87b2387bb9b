"""A model is verified only if each of its seeds passed every gate of the standard."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from report.test_finding import STANDARD
from report.test_study_shapes import write_study
from robust_dml.config import load_study
from robust_dml.report.cells import Numbers, SeedFinding
from robust_dml.report.result_files import CheckFinding, Outcome
from robust_dml.report.results import Results
from robust_dml.report.selection import models_of
from robust_dml.report.verification import NO_GATE, verifications


def gate(verdict: Outcome, *, is_gate: bool = True) -> CheckFinding:
    return CheckFinding("converged", verdict, 0.02, "< 0.01", (), "twice the effort lowers it by 2 points", is_gate)


@pytest.mark.parametrize(
    ("findings", "reasons"),
    [
        ([gate("pass"), gate("pass")], []),
        ([gate("pass"), gate("fail")], ["seed 1: converged: twice the effort lowers it by 2 points"]),
        ([gate("not run"), gate("pass")], ["seed 0: converged: twice the effort lowers it by 2 points"]),
        ([gate("pass"), gate("fail", is_gate=False)], []),
        ([gate("pass", is_gate=False)], [NO_GATE]),
    ],
)
def test_a_gate_that_is_not_passed_is_a_reason(
    findings: Sequence[CheckFinding], reasons: list[str], tmp_path: Path
) -> None:
    numbers = Numbers(Results(load_study(write_study(tmp_path, "natural", attacks=STANDARD))))
    (model,) = models_of(numbers.study)
    numbers.findings = {model: [SeedFinding(*each) for each in enumerate(findings)]}
    (found,) = verifications(numbers)
    assert list(found.reasons) == reasons
    assert found.verdict == ("unverified" if reasons else "verified")


def test_a_study_without_the_standard_has_no_verdict(tmp_path: Path) -> None:
    assert verifications(Numbers(Results(load_study(write_study(tmp_path, "natural"))))) == []


def test_a_model_that_was_not_attacked_has_no_verdict(tmp_path: Path) -> None:
    numbers = Numbers(Results(load_study(write_study(tmp_path, "natural", attacks=STANDARD))))
    numbers.findings = {}
    assert verifications(numbers) == []
