"""`snakemake --use-conda` from a checkout, and the study in exactly the environment that environment.yml names.

There is no conda here: tests/workflow/conda/bin/conda stands in for it and makes a virtual environment.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from checkout import ROOT, copy_checkout

STAND_IN = Path(__file__).parent / "conda" / "bin"
# Neither notebooks nor page, whose start costs more than the study: that each rule names the environment is read below.
MADE = ("results/ci/tables/main.csv",)
MODEL = "models/digits/triplet/robust-anchor/seed0/model.safetensors"
RESULTS = ("metrics.csv", MODEL, "tables/main.csv")
STARTED = "import os, sys; p = os.environ.get('STARTED'); p and open(p, 'a').write(' '.join(sys.orig_argv) + '\\n')\n"


def snakemake(folder: Path, command: list[str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run snakemake on the ci study, with the stand-in in front of the PATH."""
    tools = Path(sys.executable).parent  # python with PyYAML, and uv, for the stand-in
    environment = {**os.environ, "PATH": f"{STAND_IN}:{tools}:{os.environ['PATH']}"}
    environment |= {"CONDA_CALLS": str(folder / "calls"), "STARTED": str(folder / "started")}
    command = [*command, "--configfile", "config/ci.yaml", "--cores", "2", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A checkout, and the environment that `--use-conda` made there; its Python writes down its every start."""
    if shutil.which("uv", path=str(Path(sys.executable).parent)) is None:
        pytest.skip("the stand-in makes its environment with uv, which `make setup` installs")
    folder = copy_checkout(tmp_path_factory.mktemp("conda"))
    run = snakemake(folder, [sys.executable, "-m", "snakemake"], "--use-conda", "--conda-create-envs-only")
    assert run.returncode == 0, run.stdout + run.stderr
    (python,) = (folder / ".snakemake" / "conda").glob("*/bin/python")
    environment = python.parents[1]
    (site_packages,) = environment.glob("lib/python*/site-packages")
    (site_packages / "started.pth").write_text(STARTED)
    return folder, environment


def test_every_rule_that_runs_something_names_the_environment() -> None:
    for file in [ROOT / "workflow" / "Snakefile", *(ROOT / "workflow" / "rules").glob("*.smk")]:
        for rule in re.split(r"^(?=rule |checkpoint )", file.read_text(), flags=re.MULTILINE)[1:]:
            runs = re.search(r"^    (shell|script|run|notebook):", rule, flags=re.MULTILINE)
            names = re.search(r"^    conda:\n        ENVIRONMENT$", rule, flags=re.MULTILINE)
            assert bool(runs) == bool(names), rule.splitlines()[0]


def test_the_study_runs_with_use_conda(built: tuple[Path, Path], finished: Path) -> None:
    folder, environment = built
    run = snakemake(folder, [sys.executable, "-m", "snakemake"], "--use-conda", *MADE)
    assert run.returncode == 0, run.stdout + run.stderr
    calls = (folder / "calls").read_text()
    assert calls.count("env create") == 1 and f"--prefix {environment}" in calls
    started = (folder / "started").read_text().splitlines()
    for command in ("index", "store", "train", "attack", "collect", "tables"):
        assert any(f"-m robust_dml {command} " in line for line in started), command
    for name in RESULTS:
        assert (folder / "results/ci" / name).read_bytes() == (finished / "results/ci" / name).read_bytes(), name


def test_the_environment_is_enough_by_itself(built: tuple[Path, Path], finished: Path, tmp_path: Path) -> None:
    folder = copy_checkout(tmp_path)
    run = snakemake(folder, [str(built[1] / "bin" / "snakemake")], f"results/ci/{MODEL}")
    assert run.returncode == 0, run.stdout + run.stderr
    assert (folder / "started").read_text().count("-m robust_dml train") >= 1
    assert (folder / "results/ci" / MODEL).read_bytes() == (finished / "results/ci" / MODEL).read_bytes()
