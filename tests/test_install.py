"""What `pip install robust-dml` brings, without the extras: enough to train, attack and score."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from checkout import ROOT
from light_environment import LightEnvironment, build_wheel, make_environment

EXTRAS = ("dvc", "ipykernel", "nbconvert", "pandas", "pytest", "scikit-image", "snakemake")

CORE = """
from pathlib import Path
import robust_dml
assert "site-packages" in robust_dml.__file__, robust_dml.__file__
from robust_dml.cli import main

def run(*words):
    assert main(words) == 0, words

model = ["--dataset", "digits", "--loss", "triplet", "--training", "robust-anchor", "--seed", "0"]
run("list")
run("index", "ci.yaml", "--dataset", "digits", "--workers", "1")
run("store", "ci.yaml", "--dataset", "digits", "--workers", "1")
for command in ("train", "attack", "score"):
    run(command, "ci.yaml", *model)
run("collect", "ci.yaml", "--partial")
"""


@pytest.fixture(scope="module")
def light(tmp_path_factory: pytest.TempPathFactory) -> LightEnvironment:
    folder = tmp_path_factory.mktemp("light")
    try:
        wheel = build_wheel(folder)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no wheel can be built here: {error.stderr.strip().splitlines()[-1]}")
    return make_environment(folder / "environment", wheel)


def test_no_extra_is_in_it(light: LightEnvironment, tmp_path: Path) -> None:
    assert light.packages.isdisjoint(EXTRAS)
    assert {"torch", "faiss-cpu", "pydantic"} <= light.packages
    names = [name.replace("scikit-image", "skimage") for name in EXTRAS]
    code = f"from importlib.util import find_spec; print([n for n in {names!r} if find_spec(n)])"
    assert light.run(code, tmp_path).stdout.strip() == "[]"


def test_it_trains_attacks_and_scores_as_the_checkout_does(light: LightEnvironment, tmp_path: Path) -> None:
    text = (ROOT / "config" / "ci.yaml").read_text()
    found = {}
    for name in ("wheel", "checkout"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "ci.yaml").write_text(text)
        if name == "wheel":
            ended = light.run(CORE, folder)
        else:
            code = CORE.replace('assert "site-packages" in', 'assert "site-packages" not in')
            ended = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        with (folder / "results" / "ci" / "metrics.csv").open() as stream:
            found[name] = list(csv.reader(stream))
    assert found["wheel"] == found["checkout"]
    assert {row[5] for row in found["wheel"][1:]} == {"none", "fgsm", "pgd"}


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (
            '"notebook", "ci.yaml", "--html", "n.html", "--notebook", "n.ipynb"',
            "nbformat is not installed; run: pip install 'robust-dml[report]'",
        ),
        (
            '"index", "patches.yaml", "--dataset", "patches"',
            "skimage is not installed; run: pip install 'robust-dml[demo]'",
        ),
    ],
)
def test_what_an_extra_brings_is_named_in_one_line(
    light: LightEnvironment, tmp_path: Path, command: str, said: str
) -> None:
    (tmp_path / "ci.yaml").write_text((ROOT / "config" / "ci.yaml").read_text())
    patches = (ROOT / "config" / "ci.yaml").read_text().replace("kind: digits", "kind: patches")
    (tmp_path / "patches.yaml").write_text(patches.replace("  digits:", "  patches:"))
    (tmp_path / "n.ipynb").write_text("{}")
    ended = light.run(f"from robust_dml.cli import main; raise SystemExit(main([{command}]))", tmp_path)
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert line.startswith("robust-dml: error: ") and line.endswith(said), line
