"""`robust-dml attack` and `robust-dml score`, as the workflow runs them."""

from __future__ import annotations

import pytest

from evaluation.tiny_study import MODEL, MakeStudy, stored_path
from robust_dml.cli.main import main
from robust_dml.config.digests import score_digest
from robust_dml.config.paths import attack_folder
from robust_dml.evaluation.planned import attack_digests
from robust_dml.runtime.files import digest_of

SETTINGS = {"evaluation": {"batch": 900, "check_queries": 0, "as_released": False}, "report": {"examples": 0}}
WORDS = ["study.yaml", "--dataset=digits", "--loss=triplet", "--training=natural", "--seed=0"]


def files() -> set[str]:
    return {path.name for path in attack_folder("tiny", MODEL).iterdir()}


def test_one_attack_at_a_time_and_then_the_scores(make_study: MakeStudy, capsys: pytest.CaptureFixture[str]) -> None:
    make_study(**SETTINGS)
    assert main(["attack", *WORDS, "--only", "pgd-0.05"]) == 0
    assert [path.name for path in stored_path("clean").parent.iterdir()] == [stored_path("pgd-0.05").name]
    capsys.readouterr()
    assert main(["score", *WORDS]) == 1
    error = capsys.readouterr().err
    assert (
        f"{stored_path('clean')}: not there; run `robust-dml attack` or snakemake" in error and error.count("\n") == 1
    )
    assert main(["attack", *WORDS]) == 0
    assert main(["score", *WORDS]) == 0
    assert {"clean.json", "fgsm-0.02.json", "pgd-0.05.json", "checks.json", "run.json", "examples.npz"} <= files()


def test_an_unknown_attack_is_one_line(make_study: MakeStudy, capsys: pytest.CaptureFixture[str]) -> None:
    make_study(**SETTINGS)
    assert main(["attack", *WORDS, "--only", "pgd"]) == 1
    assert "no attack pgd; the study has clean, fgsm-0.02, pgd-0.02, pgd-0.05" in capsys.readouterr().err


def test_settings_of_another_plan_are_refused_and_those_of_this_plan_taken(
    make_study: MakeStudy, capsys: pytest.CaptureFixture[str]
) -> None:
    study = make_study(**SETTINGS)
    digests = {"attack": digest_of(attack_digests(study)), "score": score_digest(study, MODEL)}
    for stage, digest in digests.items():
        assert main([stage, *WORDS, "--settings", "0123"]) == 1
        assert "changed since the workflow was planned" in capsys.readouterr().err
        assert main([stage, *WORDS, "--settings", digest]) == 0
