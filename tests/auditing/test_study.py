"""An audit as a study: which queries of a sample it takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from robust_dml.auditing.data import AuditData
from robust_dml.auditing.encoder import AuditEncoder
from robust_dml.auditing.request import AuditRequest
from robust_dml.auditing.study import study_of
from robust_dml.config.resolve import runs

DIGITS = {
    "kind": "digits",
    "split": "sorted",
    "transform": {"size": 8, "resize": 8, "train_side": 8, "flip": 0.0},
}


@pytest.mark.parametrize(
    ("sample_seed", "expected"), [(None, 2), (0, 0), (2, 2)], ids=["of no study", "another seed", "the same seed"]
)
def test_a_sample_is_drawn_by_the_first_seed_of_the_study(sample_seed: int | None, expected: int) -> None:
    """The model that is audited keeps its own seed, by which its attacks draw."""
    encoder = AuditEncoder(name="mine", backbone={"kind": "pixels", "embedding": 192}, seed=2)
    data = AuditData("digits", DIGITS, {"evaluation": {"queries": 20}}, sample_seed=sample_seed)
    request = AuditRequest(encoder="mine", data="digits", out=Path("out"), radii=(0.1,))
    study = study_of(request, encoder, data)
    assert study.seeds[0] == expected
    assert [run.seed for run in runs(study)] == [2]
