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
    in_precision,
    job_hours,
    job_memory_mb,
    job_minutes,
)
from robust_dml.planning.passes import attack_passes, training_passes, validation_passes
from robust_dml.planning.speeds import PUBLISHED, gpu_names, gpus, speeds, training_speed


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
    # epochs x images x (forward and backward pass, PGD-5, forward and backward pass of the adversarial images), in
    # bf16; every tenth epoch, in fp32, embed all queries, then PGD-5 on 1,000 of them, embedded again
    steps = 150 * images * (3 + 2 * 5 + 3)
    validations = 15 * (images + 1000 * (2 * 5 + 1))
    assert training_passes(study, run, (images, images)) == steps
    assert validation_passes(study, run, (images, images)) == validations
    # NVIDIA's README: one A100 trains ResNet50 on 2,470 images/s in mixed precision, a V100 on 367 in fp32
    hours = (steps / (3 * 2470) + validations / (3 * 367)) / 3600
    assert job_hours(study, run, "a100").train == pytest.approx(hours, rel=1e-9)


def test_a_figure_in_images_is_that_of_training() -> None:
    # 29 and 23 TFLOP/s of the same README, 61 in bf16, at 8.17 GFLOP a forward pass
    resnet50 = study_of("paper").backbones["resnet50"]
    assert training_speed("a100", resnet50, "bf16") == pytest.approx(61e3, rel=0.01)
    assert training_speed("a100", resnet50, "tf32") == pytest.approx(23e3, rel=0.01)
    assert training_speed("v100", resnet50, "fp32") == pytest.approx(9.0e3, rel=0.01)


def test_a_small_network_has_no_speed_on_a_gpu() -> None:
    assert math.isnan(training_speed("a100", study_of("demo").backbones["small"], "fp32"))


@pytest.mark.parametrize("gpu", ["a100", None])
def test_one_gpu_or_the_range_over_all(gpu: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--precision", "fp32", *(["--gpu", gpu] if gpu else [])]
    assert main(["plan", "config/paper.yaml", *options]) == 0
    out = capsys.readouterr().out
    cost = estimate(in_precision(study_of("paper"), "fp32"), gpu)
    totals = sorted(hours.total for hours in cost.gpu_hours)
    assert len(totals) == (1 if gpu else len(gpu_names()))
    (line,) = [line for line in out.splitlines() if line.startswith("hours:")]
    ends = [f"{hours:,.0f}" for hours in (totals[0], totals[-1])]
    assert f"hours:     {' to '.join(dict.fromkeys(ends))} on one GPU" in line
    assert [row["gpu"] for row in gpus() if row["source"] in out] == ([gpu] if gpu else gpu_names())


def test_a_gpu_without_a_figure_in_the_precision_is_left_out() -> None:
    known = estimate(study_of("paper")).hours
    assert math.isnan(known["v100"].total) and not math.isnan(known["a100"].total)


def test_an_unknown_gpu_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "config/paper.yaml", "--gpu", "b9000"]) == 1
    error = capsys.readouterr().err
    assert "b9000" in error and "a100" in error and len(error.splitlines()) == 1


def test_every_attack_and_epsilon_is_counted() -> None:
    study, run = study_of("ci"), Run("digits", "triplet", "natural", 0)
    # clean 1; fgsm 2 + 3, pgd-3 7 + 3, each with its released version: 2 + 1 and 7 + 1
    own, released = 1 + 5 + 10, 3 + 8
    # extra runs of the checks: a large radius 7 + 3, r-fgsm 2 + 3, 6 steps 13 + 3, 2 restarts 14 + 3, noise 1 + 1,
    # and a second pass of unperturbed queries
    extra = 10 + 5 + 16 + 17 + 2 + 1
    assert attack_passes(study, run, (10, 10)) == 10 * (own + released + extra)
    evaluation = study.evaluation.model_copy(update={"as_released": False})
    assert attack_passes(study_of("ci", evaluation=evaluation), run, (10, 10)) == 10 * (own + extra)
    few = study.evaluation.model_copy(update={"as_released": False, "check_queries": 4})
    assert attack_passes(study_of("ci", evaluation=few), run, (10, 10)) == 10 * own + 4 * extra


def test_more_costs_more() -> None:
    more_seeds = estimate(study_of("ci", seeds=[0, 1, 2, 3])).cpu_hours
    assert more_seeds.total == pytest.approx(4 * estimate(study_of("ci")).cpu_hours.total)
    study = study_of("demo")
    longer = study_of("demo", optimisation=study.optimisation.model_copy(update={"epochs": 1000}))
    hours = estimate(study).cpu_hours
    assert estimate(longer).cpu_hours.train > 5 * hours.train
    assert estimate(longer).cpu_hours.attack == pytest.approx(hours.attack)


def test_what_was_not_measured_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "config/demo.yaml"]) == 0
    jobs = table(capsys.readouterr().out, "job")
    assert " ".join(jobs["train_model"][1:3]) == "not measured" and float(jobs["train_model"][3]) > 0


def test_an_unknown_backbone_is_not_guessed() -> None:
    backbones = study_of("paper").backbones
    unknown = backbones["resnet50"].model_copy(update={"kind": "torchvision:vit_b_16"})
    study = study_of("paper", backbones={**backbones, "resnet50": unknown})
    assert estimate(study).gpu_hours == []
    assert job_minutes(study, Run("cub200", "triplet", "natural", 0), "train") == DAY


def test_a_cluster_is_asked_for_more_than_the_estimate() -> None:
    demo, patches = study_of("demo"), Run("patches", "triplet", "natural", 0)
    assert job_minutes(demo, patches, "attack") > 60 * job_hours(demo, patches, "cpu").attack
    study, run = study_of("paper"), Run("sop", "triplet", "robust-anchor", 0)
    assert 60 * job_hours(study, run, "a100").train < job_minutes(study, run, "train") < DAY
    assert job_minutes(in_precision(study, "fp32"), run, "train") == DAY  # it is resumed for as long as it takes
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
    keys += [(row["gpu"], "resnet50 in training", row["precision"]) for row in gpus()]
    assert len(keys) == len(set(keys)) and PUBLISHED.exists()
    for row in [*speeds(), *gpus()]:
        assert float(row["value"]) > 0 and row["unit"] and len(row["source"]) > 10, row


def test_planning_needs_no_torch() -> None:
    code = "import sys, robust_dml.planning.cost, robust_dml.cli.commands.plan; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
