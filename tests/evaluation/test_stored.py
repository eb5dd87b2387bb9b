"""A stored result is used for the model, the images and the attack that it was made for, and for no other."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from evaluation.tiny_study import MODEL, STUDY, MakeStudy, evaluate, stored, stored_path
from robust_dml.cli.main import main
from robust_dml.config.paths import score_path
from robust_dml.evaluation.attack import attack_model
from robust_dml.evaluation.attacked import save_attacked
from robust_dml.evaluation.score import score_model
from robust_dml.runtime.errors import UserError

SETTINGS = {"evaluation": {"batch": 900, "check_queries": 0, "as_released": False}, "report": {"examples": 0}}
WORDS = ["study.yaml", "--dataset", "digits", "--loss", "triplet", "--seed", "0", "--training", "natural"]


def of_another_model() -> None:
    shutil.copy(stored_path("pgd-0.05", MODEL._replace(training="other")), stored_path("pgd-0.05"))


def of_other_images() -> None:
    made = stored("pgd-0.05")
    save_attacked(stored_path("pgd-0.05"), replace(made, origin=replace(made.origin, data_sha256="0" * 64)))


def of_another_attack() -> None:
    shutil.copy(stored_path("pgd-0.02"), stored_path("pgd-0.05"))


def truncated() -> None:
    path = stored_path("pgd-0.05")
    path.write_bytes(path.read_bytes()[:-500])


def flipped_bit() -> None:
    path = stored_path("pgd-0.05")
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)


def removed() -> None:
    stored_path("pgd-0.05").unlink()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (of_another_model, "made for another model"),
        (of_other_images, "made for another set of images"),
        (of_another_attack, "made for another attack"),
        (truncated, "damaged"),
        (flipped_bit, "delete it and run snakemake again"),
        (removed, "not there; run `robust-dml attack` or snakemake"),
    ],
)
def test_a_result_that_is_not_that_of_this_job_is_one_line(
    spoil: Callable[[], None], message: str, make_study: MakeStudy, capsys: pytest.CaptureFixture[str]
) -> None:
    study = make_study(**SETTINGS)
    attack_model(study, MODEL)
    attack_model(study, MODEL._replace(training="other"))
    path = stored_path("pgd-0.05")
    spoil()
    capsys.readouterr()
    assert main(["score", *WORDS]) == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "error" in line]
    assert str(path) in line and message in line
    assert not score_path(study.name, MODEL, "pgd-0.05").exists()


def test_a_missing_model_is_one_line(make_study: MakeStudy) -> None:
    study = make_study(**SETTINGS)
    evaluate(study)
    Path("results/tiny/models", MODEL.path, "model.safetensors").unlink()
    with pytest.raises(UserError, match="no such model; run `robust-dml train`"):
        score_model(study, MODEL)


GALLERY = {"test": "the queries themselves", "train": "901 images"}


@pytest.mark.parametrize(("before", "after"), [("test", "train"), ("train", "test")])
def test_results_against_another_gallery_are_one_line(before: str, after: str, make_study: MakeStudy) -> None:
    of = {}
    for gallery in (before, after):
        digits = {**STUDY["datasets"]["digits"], "gallery": gallery, "split": "samples-1"}
        of[gallery] = make_study(datasets={"digits": digits}, **SETTINGS)
        if gallery == before:
            attack_model(of[gallery], MODEL)
    with pytest.raises(
        UserError, match=f"made for another gallery: expected {GALLERY[after]}, found {GALLERY[before]}"
    ):
        score_model(of[after], MODEL)
    evaluate(of[after])
