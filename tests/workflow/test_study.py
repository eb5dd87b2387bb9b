"""The ci study from the first rule to the last, and what makes which job run again."""

import csv
import re
import shutil
from pathlib import Path

import pytest

from checkout import copy_checkout, run_snakemake

RESULTS = Path("results/ci")
COLUMNS = "dataset,backbone,loss,training,seed,attack,norm,epsilon,steps,objective,protocol,metric,value,low,high"


def planned(folder: Path, study: str = "ci") -> dict[str, int]:
    """Jobs per rule that a dry run would start."""
    run = run_snakemake(folder, "--dry-run", "--quiet", "rules", study=study)
    assert run.returncode == 0, run.stdout + run.stderr
    rows = re.findall(r"^(\w+)\s+(\d+)$", run.stdout + run.stderr, flags=re.MULTILINE)
    return {rule: int(count) for rule, count in rows if rule != "total"}


def change_study(folder: Path, old: str, new: str) -> None:
    """Replace a text that stands once in config/ci.yaml."""
    file = folder / "config" / "ci.yaml"
    text = file.read_text()
    assert text.count(old) == 1, old
    file.write_text(text.replace(old, new))


def test_it_makes_the_files_of_the_contract(finished: Path) -> None:
    for training in ("natural", "robust-anchor"):
        model = finished / RESULTS / "models/digits/triplet" / training / "seed0"
        assert {"model.safetensors", "history.csv", "run.json"} <= {file.name for file in model.iterdir()}
        attacks = finished / RESULTS / "attacks/digits/triplet" / training / "seed0"
        assert {"clean.json", "fgsm-0.1.json", "pgd-0.1.json"} <= {file.name for file in attacks.iterdir()}


def test_metrics_are_tidy(finished: Path) -> None:
    text = (finished / RESULTS / "metrics.csv").read_text()
    assert text.splitlines()[0] == COLUMNS
    rows = list(csv.DictReader(text.splitlines()))
    assert {row["attack"] for row in rows} >= {"none", "fgsm", "pgd"}
    assert {row["protocol"] for row in rows} == {"masked", "as-released"}
    assert {row["metric"] for row in rows} >= {"recall@1", "recall@2", "recall@4", "recall@8", "r-precision", "map@r"}
    assert all(0 <= float(row["low"]) <= float(row["value"]) <= float(row["high"]) <= 1 for row in rows)
    keys = [tuple(row[column] for column in COLUMNS.split(",")[:-3]) for row in rows]
    assert len(keys) == len(set(keys))


def test_a_second_run_has_nothing_to_do(checkout: Path) -> None:
    assert planned(checkout) == {}


def test_one_hyperparameter_reruns_its_training_alone(checkout: Path) -> None:
    change_study(checkout, "method: natural}", "method: natural, optimisation: {epochs: 3}}")
    jobs = planned(checkout)
    assert jobs["train_model"] == 1 and jobs["attack_model"] == 1 and jobs["collect_metrics"] == 1
    assert "build_index" not in jobs and "build_store" not in jobs


def test_an_attack_reruns_no_training(checkout: Path) -> None:
    change_study(checkout, "steps: 3}", "steps: 4}")
    jobs = planned(checkout)
    assert jobs["attack_model"] == 2 and "train_model" not in jobs


def test_a_comment_or_a_title_reruns_nothing(checkout: Path) -> None:
    change_study(checkout, "name: ci\n", "name: ci # unchanged\ntitle: Other words\n")
    report = {"make_tables", "check_claims", "write_headlines", "render_page", "run_notebook"}
    assert planned(checkout).keys() <= {"all", "report", *report}


def test_a_lost_result_is_made_again_alone(checkout: Path) -> None:
    shutil.rmtree(checkout / RESULTS / "models/digits/triplet/natural")
    jobs = planned(checkout)
    assert jobs["train_model"] == 1


@pytest.mark.parametrize(("study", "models"), [("demo", 11), ("paper", 64), ("photographs", 30)])
def test_the_studies_are_planned(tmp_path: Path, study: str, models: int) -> None:
    jobs = planned(copy_checkout(tmp_path), study)
    assert jobs["train_model"] == jobs["attack_model"] == models


def test_the_paper_study_stops_without_a_gpu_before_it_downloads(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU, so the study would start")
    folder = copy_checkout(tmp_path)
    run = run_snakemake(folder, study="paper")
    output = run.stdout + run.stderr
    assert run.returncode != 0
    line = next(line for line in output.splitlines() if "no GPU here" in line)
    assert "`make demo`" in line and "device: cpu" in line and "hours" in line
    assert "Traceback" not in output and not (folder / "data").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--config", "seeds=3"), "A study is one file"),
        (("--configfile", "config/ci.yaml", "config/demo.yaml"), "A study is one file"),
    ],
)
def test_overrides_are_refused(checkout: Path, arguments: tuple[str, ...], message: str) -> None:
    run = run_snakemake(checkout, "--dry-run", *arguments)
    assert run.returncode != 0 and message in run.stdout + run.stderr


def test_a_mistake_in_the_study_is_one_line(checkout: Path) -> None:
    change_study(checkout, "epochs: 2", "epoch: 2")
    run = run_snakemake(checkout, "--dry-run")
    output = run.stdout + run.stderr
    assert run.returncode != 0
    assert "config/ci.yaml: optimisation.epoch: unknown key" in output and "Traceback" not in output
