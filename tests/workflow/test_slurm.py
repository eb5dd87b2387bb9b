"""The workflow on a real Slurm of one node, which the tests set up and take down."""

import fcntl
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from checkout import ROOT, run_snakemake
from robust_dml.training.state_files import PATTERN, place_of

NODE = Path(__file__).parent / "slurm" / "node"
# This node keeps no accounts, so that sacct, which the plugin would ask, knows nothing.
STATUS = ("--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "2")
PROFILE = ("--workflow-profile", "profiles/slurm", *STATUS)


@pytest.fixture(scope="module", autouse=True)
def node() -> Iterator[None]:
    """A running Slurm; without the packages or the rights for it the tests of this file are skipped."""
    missing = [name for name in ("slurmctld", "slurmd", "munged") if shutil.which(name, path=paths()) is None]
    if missing:
        pytest.skip(f"no {', '.join(missing)} here: {NODE.relative_to(ROOT)} install fetches them from Debian")
    if os.geteuid():
        pytest.skip("starting Slurm's daemons needs root")
    environment = {**os.environ, "PATH": paths()}
    with Path("/run/robust-dml-slurm.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a machine has one Slurm; another run of these tests waits
        started = subprocess.run([NODE, "start"], capture_output=True, text=True, env=environment)
        if "of its own" in started.stderr:
            pytest.skip(started.stderr.strip())
        assert started.returncode == 0, started.stderr
        yield
        subprocess.run([NODE, "stop"], check=True, env=environment)


def paths() -> str:
    """The PATH with the folders of daemons, which a user's may lack."""
    return f"{os.environ['PATH']}:/usr/sbin:/sbin"


def jobs_of(rule: str) -> list[dict[str, str]]:
    """What Slurm knows of the jobs of a rule, in the order of their submission."""
    listing = subprocess.run(["scontrol", "--oneliner", "show", "job"], capture_output=True, text=True, check=True)
    jobs = [dict(re.findall(r"(\S+?)=(\S*)", line)) for line in listing.stdout.splitlines()]
    return [job for job in jobs if job.get("Comment", "").startswith(f"rule_{rule}")]


@pytest.fixture
def folder(checkout: Path) -> Path:
    """A checkout with prepared images and nothing made of them: every job through Slurm costs seconds of waiting."""
    for name in ("results", "state", "logs"):
        shutil.rmtree(checkout / name, ignore_errors=True)
    return checkout


def test_the_study_runs_through_slurm(finished: Path, folder: Path) -> None:
    run = run_snakemake(folder, *PROFILE, "attacks", "results/ci/tables/main.csv")
    assert run.returncode == 0, run.stdout + run.stderr
    for name in ("metrics.csv", "models/digits/triplet/robust-anchor/seed0/model.safetensors"):
        assert (folder / "results/ci" / name).read_bytes() == (finished / "results/ci" / name).read_bytes(), name
    trainings = jobs_of("train_model")
    assert [job["JobState"] for job in trainings] == ["COMPLETED", "COMPLETED"]
    assert {(job["NumCPUs"], job["MinMemoryNode"]) for job in trainings} == {("1", "2000M")}
    assert {job["TimeLimit"] for job in trainings} == {"00:31:00"}
    assert len(jobs_of("attack_model")) == 2 and not jobs_of("make_tables") and not jobs_of("collect_metrics")


def test_a_cancelled_job_goes_on_at_the_second_try(folder: Path, tmp_path: Path) -> None:
    lengthen(folder / "config/ci.yaml", epochs=60)
    whole = Path(shutil.copytree(folder, tmp_path / "whole", symlinks=True))
    model = "results/ci/models/digits/triplet/natural/seed0/model.safetensors"
    before = len(jobs_of("train_model"))
    with started_snakemake(folder, *PROFILE, model) as workflow:
        wait_until(lambda: epochs_saved(folder / "state/ci/train") >= 5, workflow)
        subprocess.run(["scancel", jobs_of("train_model")[before]["JobId"]], check=True)
        output, _ = workflow.communicate(timeout=300)
    assert workflow.returncode == 0, output
    assert [job["JobState"] for job in jobs_of("train_model")[before:]] == ["CANCELLED", "COMPLETED"]
    assert (whole_run := run_snakemake(whole, model)).returncode == 0, whole_run.stderr
    assert (folder / model).read_bytes() == (whole / model).read_bytes()


def test_a_gpu_is_asked_for_and_not_missed_on_the_login_node(folder: Path) -> None:
    config = folder / "config/ci.yaml"
    config.write_text(config.read_text().replace("device: cpu", "device: cuda"))
    before = len(jobs_of("train_model"))
    model = "results/ci/models/digits/triplet/natural/seed0/model.safetensors"
    with started_snakemake(folder, *PROFILE, "--retries", "0", model) as workflow:
        wait_until(lambda: len(jobs_of("train_model")) > before, workflow)
        output, _ = workflow.communicate(timeout=300)
    assert "gres:gpu:1" in jobs_of("train_model")[before]["TresPerJob"]
    assert workflow.returncode and "Training natural on digits" in output


def epochs_saved(state: Path) -> int:
    """How far the only training is whose state lies below a folder."""
    return max((place_of(file)[0] for file in state.rglob(PATTERN)), default=0)


def lengthen(config: Path, epochs: int) -> None:
    """Give the natural training of the ci study more epochs, so that it can be interrupted."""
    text = config.read_text()
    assert text.count("method: natural}") == 1
    config.write_text(text.replace("method: natural}", f"method: natural, optimisation: {{epochs: {epochs}}}}}"))


@contextmanager
def started_snakemake(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A snakemake at work on the ci study; it does not outlive the block."""
    command = [sys.executable, "-m", "snakemake", "--configfile", "config/ci.yaml", *arguments]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as workflow:
        try:
            yield workflow
        finally:
            workflow.kill()


def wait_until(condition: Callable[[], bool], workflow: subprocess.Popen[str], seconds: float = 180) -> None:
    """Wait for a condition while the workflow runs."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert workflow.poll() is None, workflow.communicate()[0]
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)
