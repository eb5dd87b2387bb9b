"""The workflow from other folders than the checkout, and without the options that a newcomer forgets."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from checkout import ROOT, copy_checkout, run_snakemake


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in which nothing has run."""
    return copy_checkout(tmp_path_factory.mktemp("a checkout"))


def jobs(output: str) -> dict[str, int]:
    """The number of jobs of each rule that a dry run prints."""
    return {rule: int(count) for rule, count in re.findall(r"^(\w+)\s+(\d+)$", output, flags=re.MULTILINE)}


def test_another_working_folder_needs_nothing_of_the_checkout_in_it(folder: Path, tmp_path: Path) -> None:
    words = ["--snakefile", str(folder / "workflow/Snakefile"), "--configfile", str(folder / "config/ci.yaml")]
    there = run_snakemake(tmp_path, *words, "--dry-run", "--quiet", "rules", study=None)
    assert there.returncode == 0, there.stdout + there.stderr
    here = run_snakemake(folder, "--dry-run", "--quiet", "rules")
    assert jobs(there.stdout + there.stderr) == jobs(here.stdout + here.stderr)


def test_a_file_in_the_working_folder_goes_before_that_of_the_checkout(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "config", tmp_path / "config")
    words = ["--snakefile", str(folder / "workflow/Snakefile"), "--dry-run", "--printshellcmds"]
    run = run_snakemake(tmp_path, *words)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "claims config/ci.yaml --claims config/claims.yaml" in run.stdout + run.stderr


def test_all_cores_are_used_unless_told(folder: Path) -> None:
    words = [sys.executable, "-m", "snakemake", "data", "--dry-run", "--configfile", "config/ci.yaml"]
    run = subprocess.run(words, cwd=folder, capture_output=True, text=True)
    assert run.returncode == 0 and "build_store" in run.stdout + run.stderr, run.stdout + run.stderr


def test_the_default_study_of_a_deployment_exists() -> None:
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    assert (ROOT / config["study"]).exists()


def test_the_files_of_the_catalogue_are_there() -> None:
    """https://snakemake.github.io/snakemake-workflow-catalog: what a standardised usage asks for."""
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert usage["software-stack-deployment"]["conda"] is True and usage["report"] is True
    assert all((ROOT / name).exists() for name in ("README.md", "LICENSE", "workflow/Snakefile", "config/README.md"))
