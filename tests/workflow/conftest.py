"""Checkouts in temporary folders, where a test may run the workflow."""

import shutil
from pathlib import Path

import pytest

from checkout import copy_checkout, run_snakemake
from made_once import made_once
from repository import RESULTS, checked, commit, make_repository


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in which the ci study has run from beginning to end; tests must leave it as it is."""
    return made_once(tmp_path_factory, "finished", run_study)


@pytest.fixture(scope="session")
def recorded(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished checkout as a repository, recorded by `dvc repro` and pushed to a folder; to be left as it is."""
    return made_once(tmp_path_factory, "recorded", lambda folder: record(finished, folder / "checkout")) / "checkout"


def run_study(folder: Path) -> None:
    """Run the ci study in a copy of the checkout."""
    run = run_snakemake(copy_checkout(folder))
    assert run.returncode == 0, run.stdout + run.stderr


def record(finished: Path, folder: Path) -> None:
    """Record a copy of a finished checkout, in which DVC finds nothing to make, and push it to a folder beside it."""
    shutil.copytree(finished, folder, symlinks=True)
    make_repository(folder)
    before = {path: path.read_bytes() for path in (folder / RESULTS).rglob("*") if path.is_file()}
    output = checked(folder, "dvc", "repro", "report@ci")
    assert output.count("Nothing to be done") == 4, output[-3000:]
    after = {path: path.read_bytes() for path in (folder / RESULTS).rglob("*") if path.is_file()}
    assert {path.parent for path in set(after) - set(before)} <= {folder / RESULTS / "digests"}
    assert before == {path: after.get(path) for path in before}
    checked(folder, "dvc", "remote", "add", "--quiet", "--default", "store", str(folder.parent / "store"))
    commit(folder)
    checked(folder, "dvc", "push", "--quiet")


@pytest.fixture
def checkout(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished checkout, times included, that the test may change."""
    shutil.copytree(finished, tmp_path / "checkout", symlinks=True)
    return tmp_path / "checkout"
