"""Checkouts in temporary folders, where a test may run the workflow."""

import shutil
from pathlib import Path

import pytest

from checkout import copy_checkout, run_snakemake


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in which the ci study has run from beginning to end; tests must leave it as it is."""
    folder = copy_checkout(tmp_path_factory.mktemp("finished"))
    run = run_snakemake(folder)
    assert run.returncode == 0, run.stdout + run.stderr
    return folder


@pytest.fixture
def checkout(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished checkout, times included, that the test may change."""
    shutil.copytree(finished, tmp_path / "checkout", symlinks=True)
    return tmp_path / "checkout"
