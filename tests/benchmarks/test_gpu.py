"""`make gpu` without a GPU: every part in its tiny form, limits, missed goals, and what it says where it cannot run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.gpu import __main__ as command
from benchmarks.gpu.checks import row_of
from benchmarks.gpu.demo import chosen, compared, small_study
from benchmarks.gpu.parts import BUDGET, NEEDED, PARTS, Part, part_named
from benchmarks.gpu.size import PASSES, Size

from checkout import ROOT

TINY = ["--device", "cpu", "--tiny"]
IN_PROCESS = [part.name for part in PARTS if part.name != "tests"]  # tests/gpu are tests of their own


@pytest.fixture(autouse=True)
def _at_the_top(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize("name", IN_PROCESS)
def test_every_part_runs_on_the_cpu(name: str) -> None:
    rows = list(part_named(name).run(Size("cpu", tiny=True)))
    assert rows
    for row in rows:
        assert row["what"] and row["values"]
        json.dumps(row)
    if name in ("search", "graph"):
        assert all(row["met"] for row in rows)


def test_the_command_runs_a_part_in_its_own_process(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([*TINY, "--only", "search", "--output", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "search, 20 queries in 2,000 items" in out and "did not run" not in out
    record = json.loads((tmp_path / "search.json").read_text())
    assert [row["met"] for row in record["rows"]] == [True, True] and record["device"].startswith("cpu")


def test_a_part_that_overruns_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([*TINY, "--only", "search", "graph", "--budget", "0.2", "--output", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert "search: took longer than 0 s and was stopped" in out and "graph: no time left of 0.2 s" in out
    assert not list(tmp_path.iterdir())


def test_a_part_that_fails_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "PARTS", (Part("nothing", "no_such:rows", 30), *PARTS))
    report = command.Report()
    arguments = command._arguments([*TINY, "--output", str(tmp_path)])
    command.run_part(command.PARTS[0], arguments, 60, report)
    assert len(report.not_run) == 1 and report.not_run[0].startswith("nothing: failed: ")


def test_a_missing_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "PARTS", (Part("graph", "graph:rows", 30, ("no_such_module", "yaml")),))
    assert command.main([*TINY, "--output", str(tmp_path)]) == 1
    assert "graph: needs no_such_module" in capsys.readouterr().out
    monkeypatch.setattr(command, "NEEDED", ("torch", "no_such_module"))
    assert command.main(TINY) == 1
    error = capsys.readouterr().err
    assert "lacks no_such_module" in error and len(error.splitlines()) == 1


def test_without_a_gpu_it_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert command.main([]) == 1
    error = capsys.readouterr().err
    assert "finds no GPU" in error and "--device cpu --tiny" in error and len(error.splitlines()) == 1


def test_missed_goals_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    report = command.Report([{"what": "a", "goal": "5 times", "met": False}, {"what": "b", "goal": "", "met": None}])
    closing = "\n".join(command._closing(report))
    assert "fell short of its goal:\n  a: 5 times" in closing and "b" not in closing.split("goal:")[1]


def test_failed_tests_are_named(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(
        '<testsuites><testsuite><testcase name="one"/><testcase name="two"><failure/></testcase>'
        '<testcase name="three"><skipped message="needs two GPUs"/></testcase></testsuite></testsuites>'
    )
    row = row_of(report, "cuda")
    assert row["values"] == {"passed": 1, "failed": "two", "skipped three": "needs two GPUs"} and row["met"] is False


def test_the_parts_fit_into_nine_minutes() -> None:
    assert BUDGET < 540 and all(part.limit <= 200 for part in PARTS)
    assert len({part.name for part in PARTS}) == len(PARTS)


def test_no_part_imports_what_it_does_not_name() -> None:
    """Beside torch's own dependencies; so `make gpu` can say what is missing before it starts."""
    code = (
        "import sys, torch; before = set(sys.modules)\n"
        "from benchmarks.gpu.parts import part_named; from benchmarks.gpu.size import Size\n"
        "for name in ('search', 'evaluation'): list(part_named(name).run(Size('cpu', tiny=True)))\n"
        "import benchmarks.gpu.graph, benchmarks.gpu.epoch, benchmarks.gpu.steps\n"
        "print(sorted({name.partition('.')[0] for name in set(sys.modules) - before}))"
    )
    environment = {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "PATH": "", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    imported = set(json.loads(done.stdout.splitlines()[-1].replace("'", '"')))
    unnamed = {name for name in OPTIONAL if name in imported} - set(NEEDED)
    assert not unnamed


OPTIONAL = {"faiss", "sklearn", "scipy", "pandas", "matplotlib", "torchvision", "pytorch_metric_learning", "skimage"}
OPTIONAL |= {"snakemake", "jinja2", "pooch", "seaborn", "dvc", "pytest", "hypothesis"}


def test_the_demo_is_compared_with_its_record(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    study = small_study(Size("cpu", tiny=True)).model_copy(update={"name": "demo"})
    run = chosen(study)[0]
    name = next(iter(study.attacks))
    record = tmp_path / "metrics.csv"
    head = "dataset,loss,training,seed,attack,epsilon,protocol,metric,value,low,high"
    names = f"{run.dataset},{run.loss},{run.training},{run.seed}"
    epsilon = study.attacks[name].epsilon[0]
    record.write_text(
        f"{head}\n{names},none,0,masked,recall@1,0.9,0.85,0.95\n{names},{name},{epsilon},masked,recall@1,0.5,,\n"
    )
    monkeypatch.setattr("benchmarks.gpu.demo.RECORD", record)
    assert compared(study, run, {"none": 0.94, name: 0.54})["met"] is True
    assert compared(study, run, {"none": 0.96, name: 0.54})["met"] is False
    assert compared(study, run, {"none": 0.94, name: 0.56})["met"] is False  # no interval there: within 5 points


def test_passes_and_operations_are_those_of_the_plan() -> None:
    from robust_dml.config.training import BackboneConfig, TrainingConfig
    from robust_dml.planning.passes import _step_passes

    assert _step_passes(TrainingConfig(method="natural")) == PASSES["natural"]
    assert _step_passes(TrainingConfig(method="robust")) == PASSES["robust"]
    resnet50 = BackboneConfig(kind="resnet50")
    for size in (Size("cpu"), Size("cpu", tiny=True)):
        assert size.gflop(1) == pytest.approx(resnet50.record.gflop(resnet50, size.pixels))
