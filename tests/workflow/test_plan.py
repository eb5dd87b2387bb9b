"""What a study is said to cost before it runs."""

import math
import subprocess
import sys
from pathlib import Path

import pytest

from checkout import ROOT, copy_checkout, run_snakemake
from robust_dml.cli.main import main
from robust_dml.config import Run, Study, load_study
from robust_dml.planning.cost import (
    DAY,
    data_cost,
    estimate,
    job_hours,
    job_memory_mb,
    job_minutes,
    speed,
    speeds,
)
from robust_dml.planning.passes import attack_passes, training_passes


@pytest.fixture(autouse=True)
def _at_the_top(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def study_of(name: str, **changes: object) -> Study:
    """One of the project's studies, with some sections changed."""
    return load_study(Path("config", f"{name}.yaml")).model_copy(update=changes)


def table(output: str, first: str) -> dict[str, list[str]]:
    """The rows of the printed table that starts with the column `first`."""
    block = next(block for block in output.split("\n\n") if block.split()[0] == first)
    return {line.split()[0]: line.split()[1:] for line in block.splitlines()[1:]}


def test_jobs_are_those_that_snakemake_plans(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "config/paper.yaml"]) == 0
    jobs = table(capsys.readouterr().out, "job")
    folder = copy_checkout(tmp_path)
    run = run_snakemake(folder, "--dry-run", "--quiet", "rules", study="paper")
    planned = dict(line.split() for line in (run.stdout + run.stderr).splitlines() if len(line.split()) == 2)
    assert len(jobs) == 5
    assert {rule: row[0] for rule, row in jobs.items()} == {rule: planned[rule] for rule in jobs}


def test_hours_are_passes_times_arithmetic_over_speed() -> None:
    study = study_of("paper")
    run = Run("cub200", "triplet", "robust-positive", 0)
    images = 11788 // 2
    # epochs x images x (forward and backward pass, PGD-5, forward and backward pass of the adversarial images) and
    # the validation of each epoch: embedding, PGD-5, embedding
    passes = 150 * images * (3 + 2 * 5 + 3) + 150 * images * (1 + 2 * 5 + 1)
    assert training_passes(study, run, (images, images)) == passes
    seconds = passes * 2 * 4.087e9 / (speed("cuda", "resnet50", "fp32") * 1e9)
    assert job_hours(study, run, "cuda")[0] == pytest.approx(seconds / 3600, rel=1e-3)


def test_every_attack_and_epsilon_is_counted() -> None:
    study, run = study_of("ci"), Run("digits", "triplet", "natural", 0)
    # clean 1; fgsm 2 + 3, pgd-3 7 + 3, each with its released version: 2 + 1 and 7 + 1
    own, released = 1 + 5 + 10, 3 + 8
    # extra runs of the checks: a large radius 7 + 3, r-fgsm 2 + 3, 6 steps 13 + 3, 2 restarts 14 + 3, noise 1 + 1
    extra = 10 + 5 + 16 + 17 + 2
    assert attack_passes(study, run, (10, 10)) == 10 * (own + released + extra)
    evaluation = study.evaluation.model_copy(update={"as_released": False})
    assert attack_passes(study_of("ci", evaluation=evaluation), run, (10, 10)) == 10 * (own + extra)
    few = study.evaluation.model_copy(update={"as_released": False, "check_queries": 4})
    assert attack_passes(study_of("ci", evaluation=few), run, (10, 10)) == 10 * own + 4 * extra


def test_more_costs_more() -> None:
    study = study_of("demo")
    more_seeds = study_of("demo", seeds=[0, 1, 2, 3])
    longer = study_of("demo", optimisation=study.optimisation.model_copy(update={"epochs": 300}))
    assert estimate(more_seeds).cpu_hours == pytest.approx(estimate(study).cpu_hours * 4 / len(study.seeds))
    assert estimate(longer).train_hours["cpu"] > 5 * estimate(study).train_hours["cpu"]
    assert estimate(longer).attack_hours == pytest.approx(estimate(study).attack_hours, nan_ok=True)


def test_what_was_not_measured_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "config/demo.yaml"]) == 0
    jobs = table(capsys.readouterr().out, "job")
    assert " ".join(jobs["train_model"][1:3]) == "not measured" and float(jobs["train_model"][3]) > 0


def test_an_unknown_backbone_is_not_guessed() -> None:
    backbones = {
        "resnet50": study_of("paper").backbones["resnet50"].model_copy(update={"kind": "torchvision:vit_b_16"})
    }
    study = study_of("paper", backbones=backbones)
    assert math.isnan(estimate(study).gpu_hours)
    assert job_minutes(study, Run("cub200", "triplet", "natural", 0), "train") == DAY


def test_a_cluster_is_asked_for_more_than_the_estimate() -> None:
    demo, patches = study_of("demo"), Run("patches", "triplet", "natural", 0)
    assert job_minutes(demo, patches, "attack") > 60 * job_hours(demo, patches, "cpu")[1]
    study, run = study_of("paper"), Run("sop", "triplet", "robust-anchor", 0)
    assert job_minutes(study, run, "train") == DAY  # it is resumed for as long as it takes
    on_cpu = study_of("paper", device="cpu")
    assert job_memory_mb(on_cpu, run, "train") > job_memory_mb(
        study_of("ci"), Run("digits", "triplet", "natural", 0), "train"
    )


def test_downloads_and_packed_images(capsys: pytest.CaptureFixture[str]) -> None:
    study = study_of("paper")
    cub = data_cost(study, study.datasets["cub200"])
    assert cub.download_gib == pytest.approx(1_150_585_339 / 2**30)
    assert cub.packed_gib == pytest.approx(11788 * 3 * (224**2 + 256**2 * 4 / 3) / 2**30)
    assert math.isnan(data_cost(study, study.datasets["cars196"]).download_gib)
    assert estimate(study).download_gib == pytest.approx((1_150_585_339 + 3_083_860_082 + 102_530_333) / 2**30)
    assert main(["plan", "config/paper.yaml"]) == 0
    assert table(capsys.readouterr().out, "dataset")["cars196"][1] == "unknown"


def test_packed_images_take_what_was_said(finished: Path) -> None:
    study = study_of("ci")
    stores = list((finished / "data/digits").glob("*/*.uint8"))
    said = data_cost(study, study.datasets["digits"]).packed_gib * 2**30
    assert sum(file.stat().st_size for file in stores) == pytest.approx(said, rel=0.2)


def test_every_speed_has_a_source() -> None:
    keys = [(row["device"], row["what"], row["precision"]) for row in speeds()]
    assert len(keys) == len(set(keys))
    for row in speeds():
        assert float(row["value"]) > 0 and row["unit"] and len(row["source"]) > 10, row


def test_planning_needs_no_torch() -> None:
    code = "import sys, robust_dml.planning.cost, robust_dml.cli.commands.plan; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
