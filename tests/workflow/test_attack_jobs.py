"""`evaluation.jobs: attack`: one job for each attack at each radius."""

from __future__ import annotations

from pathlib import Path

from checkout import run_snakemake
from robust_dml.config import Run, load_study
from robust_dml.config.digests import score_digest
from robust_dml.config.paths import attacked_path
from robust_dml.evaluation.attacked import load_attacked
from robust_dml.evaluation.planned import attack_digests, attacks_by_digest

NATURAL = Run("digits", "triplet", "natural", 0)
STANDARD = "  standard: {linf: [0.02, 0.1]}\n"


def write_study(checkout: Path, name: str, *, jobs: str) -> Path:
    """Write the ci study, which is finished, with the standard at two radii beside its attacks."""
    text = (checkout / "config/ci.yaml").read_text()
    text = text.replace(
        "\nreport:", f"{STANDARD}\nevaluation: {{jobs: {jobs}, check_queries: 8, queries: 16}}\n\nreport:"
    )
    file = checkout / "config" / f"{name}.yaml"
    file.write_text(text)
    return file


def test_an_attack_is_a_job_that_goes_on_from_another(checkout: Path) -> None:
    study = load_study(write_study(checkout, "each", jobs="attack"))
    digests = attack_digests(study)
    files = {label: str(attacked_path("ci", NATURAL, digest)) for label, digest in digests.items()}
    larger, smaller = files["standard-v1-0.1"], files["standard-v1-0.02"]
    made = run_snakemake(checkout, larger, study="each")
    output = made.stdout + made.stderr
    assert made.returncode == 0, output
    for label in ("standard-v1-0.02", "standard-v1-0.1"):
        assert f"--only {label}" in output
    assert "--only pgd-0.1" not in output  # no other job wants it
    found, before = (load_attacked(checkout / file) for file in (larger, smaller))
    broken = before.member >= 0
    assert broken.any() and (found.embeddings[broken] == before.embeddings[broken]).all()


def test_jobs_change_no_result(checkout: Path) -> None:
    each, whole = (load_study(write_study(checkout, name, jobs=name)) for name in ("attack", "model"))
    assert attack_digests(each) == attack_digests(whole)
    assert score_digest(each, NATURAL) == score_digest(whole, NATURAL)


def test_every_result_has_one_attack(checkout: Path) -> None:
    study = load_study(write_study(checkout, "each", jobs="attack"))
    labels = attack_digests(study)
    attacks = attacks_by_digest(study)
    assert set(attacks) == set(labels.values())
    assert all(labels[at.label] == digest for digest, at in attacks.items())
    starts = {at.label: at.start.label for at in attacks.values() if at.start is not None}
    assert starts == {
        "standard-v1-0.02": "clean",
        "standard-v1-0.1": "standard-v1-0.02",
        "standard-v1-0.1,effort=2": "standard-v1-0.1",
    }
