"""DVC around Snakemake: recording, interrupting, pushing, pulling, and refusing what is stale."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from checkout import ROOT, copy_checkout, run_snakemake
from repository import RESULTS, checked, environment, make_repository, run
from robust_dml.training.state_files import PATTERN, place_of

MODEL = "models/digits/triplet/natural/seed0"


def pull(folder: Path) -> subprocess.CompletedProcess[str]:
    """What `make pull STUDY=ci` does once the environment is there."""
    return run(folder, sys.executable, "workflow/scripts/pull.py", "ci")


def planned(folder: Path, *targets: str) -> dict[str, int]:
    """Jobs per rule that a dry run would start."""
    dry = run_snakemake(folder, "--dry-run", "--quiet", "rules", "--", *targets)
    assert dry.returncode == 0, dry.stdout + dry.stderr
    rows = re.findall(r"^(\w+)\s+(\d+)$", dry.stdout + dry.stderr, flags=re.MULTILINE)
    return {rule: int(count) for rule, count in rows if rule != "total"}


@pytest.fixture
def clone(recorded: Path, tmp_path: Path) -> Path:
    """A fresh clone of it."""
    return clone_of(recorded, tmp_path)


@pytest.fixture(scope="module")
def pulled_once(recorded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh clone in which `make pull` succeeded; to be left as it is."""
    folder = clone_of(recorded, tmp_path_factory.mktemp("pulled"))
    ended = pull(folder)
    assert ended.returncode == 0, ended.stderr
    return folder


@pytest.fixture
def pulled(pulled_once: Path, tmp_path: Path) -> Path:
    """A copy of it, times included, that the test may change."""
    return Path(shutil.copytree(pulled_once, tmp_path / "pulled", symlinks=True))


def clone_of(repository: Path, folder: Path) -> Path:
    """Clone a repository into a folder."""
    checked(folder, "git", "clone", "--quiet", repository, "clone")
    return folder / "clone"


def test_snakemake_by_hand_then_repro_is_harmless(recorded: Path) -> None:
    assert planned(recorded) == {}  # that `dvc repro` ran nothing and changed nothing, the fixture asserts
    assert "up to date" in checked(recorded, "dvc", "status", "report@ci")


def test_a_fresh_repro_makes_the_bytes_that_snakemake_makes(finished: Path, tmp_path: Path) -> None:
    folder = make_repository(copy_checkout(tmp_path))
    checked(folder, "dvc", "repro", "attacks@ci")
    models = [f"models/digits/triplet/{training}/seed0/model.safetensors" for training in ("natural", "robust-anchor")]
    for name in ("data/digits.csv", "metrics.csv", *models):
        assert (folder / RESULTS / name).read_bytes() == (finished / RESULTS / name).read_bytes(), name
    assert run(folder, "dvc", "status", "attacks@ci").stdout.count("changed") == 0


def test_repro_needs_no_activated_environment(tmp_path: Path) -> None:
    folder = make_repository(copy_checkout(tmp_path))
    (folder / ".venv").symlink_to(sys.prefix)
    bare = {**environment(), "PATH": "/usr/bin:/bin"}
    ended = subprocess.run(
        [".venv/bin/dvc", "repro", "digests@ci"], cwd=folder, env=bare, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    assert (folder / RESULTS / "digests/data.json").exists()
    commands = [stage["cmd"] for stage in yaml.safe_load((folder / "dvc.yaml").read_text())["stages"].values()]
    first = [command if isinstance(command, str) else command[0] for command in commands]
    assert all(command.startswith("${here} ") for command in first)


def test_an_interrupted_repro_loses_no_epoch(tmp_path: Path) -> None:
    folder = copy_checkout(tmp_path)
    config = folder / "config/ci.yaml"
    config.write_text(config.read_text().replace("natural}", "natural, optimisation: {epochs: 60}}"))
    make_repository(folder)
    command = ["dvc", "repro", "models@ci"]
    first = subprocess.Popen(
        command, cwd=folder, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, process_group=0
    )
    while (saved := saved_epoch(folder)) < 5:
        assert first.poll() is None, "ended before it could be interrupted"
        time.sleep(0.05)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    checked(folder, "snakemake", "--configfile", "config/ci.yaml", "--unlock")
    checked(folder, *command)
    log = (folder / "logs/ci/train_model/digits/triplet/natural/seed0.log").read_text()
    epochs = [int(epoch) for epoch in re.findall(r"epoch (\d+) of 60", log)]
    assert min(epochs) > saved and max(epochs) == 60, log
    history = (folder / RESULTS / MODEL / "history.csv").read_text().splitlines()
    assert len(history) == 61


def saved_epoch(folder: Path) -> int:
    """How far the natural training is, by the state it saved."""
    states = (folder / "state/ci/train/digits/triplet/natural").rglob(PATTERN)
    return max((place_of(file)[0] for file in states), default=0)


def test_after_pull_there_is_nothing_to_do(clone: Path, pulled: Path) -> None:
    assert not (clone / RESULTS / "models").exists()
    assert planned(pulled) == {}
    assert not (pulled / "data").exists() and not (pulled / "state").exists()
    checked(pulled, sys.executable, "-m", "robust_dml", "page", "config/ci.yaml")


def test_after_pull_a_lost_figure_is_drawn_alone(pulled: Path) -> None:
    (pulled / RESULTS / "figures/curves.png").unlink()
    jobs = planned(pulled)
    assert jobs["plot_figures"] == 1 and jobs.keys() <= {"all", "plot_figures", "render_page", "run_notebook"}
    assert run_snakemake(pulled).returncode == 0
    assert (pulled / RESULTS / "figures/curves.png").exists() and planned(pulled) == {}


def test_after_pull_a_changed_attack_trains_nothing(pulled: Path) -> None:
    assert run_snakemake(pulled, "data").returncode == 0
    assert pull(pulled).returncode == 0
    config = pulled / "config/ci.yaml"
    config.write_text(config.read_text().replace("steps: 3}", "steps: 4}"))
    jobs = planned(pulled)
    assert jobs["attack_model"] == 2 and "train_model" not in jobs and "build_index" not in jobs


def test_results_of_other_sources_are_refused(clone: Path) -> None:
    source = clone / "src/robust_dml/evaluation/score.py"
    source.write_text(source.read_text().replace("COLLAPSE = 1e-6", "COLLAPSE = 2e-6"))
    ended = pull(clone)
    assert ended.returncode == 1 and len(ended.stderr.strip().splitlines()) == 1
    assert "attacks@ci" in ended.stderr and "results/ci/digests/attacks.json" in ended.stderr
    assert "all data, then" in ended.stderr and "--forcerun attack_model" in ended.stderr
    assert (clone / RESULTS / MODEL / "model.safetensors").exists()
    assert not (clone / RESULTS / "attacks").exists() and not (clone / RESULTS / "figures").exists()
    assert planned(clone)["attack_model"] == 2


def test_a_study_that_was_never_recorded_is_one_line(clone: Path) -> None:
    ended = run(clone, sys.executable, "workflow/scripts/pull.py", "paper")
    assert ended.returncode == 1 and ended.stderr.startswith("pull: dvc.lock has nothing of a study paper")


def test_results_of_another_study_are_refused(clone: Path) -> None:
    config = clone / "config/ci.yaml"
    config.write_text(config.read_text().replace("learning_rate: 1.0e-3", "learning_rate: 2.0e-3"))
    ended = pull(clone)
    assert ended.returncode == 1 and "models@ci" in ended.stderr and "results/ci/digests/models.json" in ended.stderr
    assert not (clone / RESULTS / "models").exists()


@pytest.mark.parametrize("name", ["metrics.csv", f"{MODEL}/history.csv"])
def test_files_that_are_not_the_recorded_ones_are_refused(pulled: Path, name: str) -> None:
    shutil.rmtree(pulled / ".snakemake")
    file = pulled / RESULTS / name
    file.write_text(file.read_text() + "0\n")
    ended = pull(pulled)
    assert ended.returncode == 1 and name in ended.stderr and "Traceback" not in ended.stderr
    assert not (pulled / ".snakemake/metadata").exists()


def test_other_images_are_refused(pulled: Path) -> None:
    (pulled / "data/digits").mkdir(parents=True)
    (pulled / "data/digits/index.csv").write_text("id,path\n")
    ended = pull(pulled)
    assert ended.returncode == 1 and "data/digits/index.csv is not results/ci/data/digits.csv" in ended.stderr


def test_metrics_are_ten_numbers_and_no_study_is_missed(pulled: Path) -> None:
    ended = run(pulled, "dvc", "metrics", "show", "--json")
    assert ended.returncode == 0 and "failed to load" not in ended.stderr
    shown = {file: found["data"] for file, found in json.loads(ended.stdout)[""]["data"].items()}
    assert set(shown) == {f"headlines/metrics/{study}.json" for study in ("ci", "demo", "paper", "photographs")}
    assert shown["headlines/metrics/ci.json"] == json.loads((pulled / RESULTS / "metrics.json").read_text())
    assert all(sum(map(len, numbers.values())) <= 10 for numbers in shown.values())


def test_diffs_name_recalls_and_settings(pulled: Path) -> None:
    file = pulled / "headlines/metrics/ci.json"
    file.write_text(json.dumps({"clean": {"natural": 0.5}}))
    config = pulled / "config/ci.yaml"
    config.write_text(config.read_text().replace("epochs: 2", "epochs: 3"))
    difference = json.loads(run(pulled, "dvc", "metrics", "diff", "--json").stdout)
    assert difference["headlines/metrics/ci.json"]["clean.natural"]["new"] == 0.5
    compared = run(pulled, "dvc", "params", "diff", "--json")
    settings = json.loads(compared.stdout)
    assert not compared.stderr and settings["config/ci.yaml"] == {
        "optimisation.epochs": {"old": 2, "new": 3, "diff": 1}
    }


def test_plots_show_both_curves_without_a_warning(pulled: Path) -> None:
    ended = run(pulled, "dvc", "plots", "show", "--out", "plots")
    assert ended.returncode == 0 and not ended.stderr, ended.stderr
    page = (pulled / "plots/index.html").read_text()
    assert "headlines/recall/ci.csv" in page and "headlines/training/ci.csv" in page


def test_an_experiment_runs_in_place_with_a_changed_setting(recorded: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(recorded, tmp_path / "changed", symlinks=True))
    checked(folder, "dvc", "exp", "run", "attacks@ci", "--set-param", "config/ci.yaml:attacks.pgd.steps=4")
    assert yaml.safe_load((folder / "config/ci.yaml").read_text())["attacks"]["pgd"]["steps"] == 4
    with (folder / RESULTS / "metrics.csv").open() as stream:
        assert {row["steps"] for row in csv.DictReader(stream) if row["attack"] == "pgd"} == {"4"}
    table = checked(folder, "dvc", "exp", "show", "--csv", "--only-changed")
    assert "config/ci.yaml:attacks.pgd.steps" in table and "failed" not in table


def test_models_are_artifacts_that_git_has() -> None:
    artifacts = yaml.safe_load((ROOT / "dvc.yaml").read_text())["artifacts"]
    names = {path.name for path in (ROOT / "src/robust_dml/zoo/models").iterdir()}
    assert {Path(artifact["path"]).parent.name for artifact in artifacts.values()} == names
    assert all((ROOT / artifact["path"]).exists() and artifact["type"] == "model" for artifact in artifacts.values())


def test_a_comment_is_no_change_for_dvc(clone: Path) -> None:
    source = clone / "src/robust_dml/evaluation/score.py"
    source.write_text(source.read_text() + "# a comment\n")
    ended = pull(clone)
    assert ended.returncode == 0, ended.stderr
    assert planned(clone) == {}


def test_every_archive_of_the_paper_has_a_stage() -> None:
    archives = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]["archives"]["matrix"]["archive"]
    sources = yaml.safe_load((ROOT / "config/datasets.yaml").read_text())
    first = [next(iter(sources[kind]["layouts"].values())) for kind in ("cub200", "cars196", "sop")]
    assert archives == [archive["file"] for layout in first for archive in layout]


def test_no_out_is_deleted_by_dvc_and_all_but_the_headlines_are_cached() -> None:
    for name, stage in yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"].items():
        for out in stage["outs"]:
            ((path, flags),) = out.items()
            in_git = {"cache": False} if path.startswith("headlines/") else {}
            assert flags == {"persist": True} | in_git, (name, path)
