"""Checkouts in temporary folders, where a test may run the workflow."""

import shutil
from pathlib import Path

import pytest

from checkout import copy_checkout, run_snakemake
from repository import RESULTS, checked, commit, make_repository


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in which the ci study has run from beginning to end; tests must leave it as it is."""
    folder = copy_checkout(tmp_path_factory.mktemp("finished"))
    run = run_snakemake(folder)
    assert run.returncode == 0, run.stdout + run.stderr
    return folder


@pytest.fixture(scope="session")
def recorded(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished checkout as a repository, recorded by `dvc repro` and pushed to a folder; to be left as it is."""
    folder = tmp_path_factory.mktemp("recorded") / "checkout"
    shutil.copytree(finished, folder, symlinks=True)
    make_repository(folder)
    before = {path: path.read_bytes() for path in (folder / RESULTS).rglob("*") if path.is_file()}
    output = checked(folder, "dvc", "repro", "report@ci")
    assert output.count("Nothing to be done") == 4, output[-3000:]
    after = {path: path.read_bytes() for path in (folder / RESULTS).rglob("*") if path.is_file()}
    assert set(after) - set(before) <= {folder / RESULTS / "digests.json"}
    assert before == {path: after.get(path) for path in before}
    checked(folder, "dvc", "remote", "add", "--quiet", "--default", "store", str(folder.parent / "store"))
    commit(folder)
    checked(folder, "dvc", "push", "--quiet")
    return folder


@pytest.fixture
def checkout(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished checkout, times included, that the test may change."""
    shutil.copytree(finished, tmp_path / "checkout", symlinks=True)
    return tmp_path / "checkout"
