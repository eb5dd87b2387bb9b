"""The command line: quick to start, and one line per mistake."""

import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

import pytest

from robust_dml.cli.main import COMMANDS, main

ROOT = Path(__file__).parents[2]


def robust_dml(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does."""
    return subprocess.run([sys.executable, "-m", "robust_dml", *arguments], capture_output=True, text=True, cwd=ROOT)


def test_help_starts_in_half_a_second() -> None:
    def seconds() -> float:
        started = time.perf_counter()
        assert robust_dml("--help").returncode == 0
        return time.perf_counter() - started

    assert min(seconds() for _ in range(3)) < 0.5


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_its_module(command: str) -> None:
    module = import_module(f"robust_dml.cli.commands.{command.replace('-', '_')}")
    assert callable(module.add_arguments) and callable(module.run)


def test_a_mistake_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "none.yaml", "--dataset=a", "--loss=b", "--training=c", "--seed=0"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("robust-dml: error: none.yaml: cannot read the study") and error.count("\n") == 1


def test_an_unknown_model_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    study = str(ROOT / "config" / "ci.yaml")
    assert main(["train", study, "--dataset=digits", "--loss=triplet", "--training=c", "--seed=0"]) == 1
    assert "the study has no model digits/triplet/c/seed0" in capsys.readouterr().err


def test_settings_of_another_plan_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    study = str(ROOT / "config" / "ci.yaml")
    model = ["--dataset=digits", "--loss=triplet", "--training=natural", "--seed=0", "--settings=0123"]
    assert main(["train", study, *model]) == 1
    assert "changed since the workflow was planned" in capsys.readouterr().err


def test_schema_lists_every_section() -> None:
    import json

    from robust_dml.config import Study

    schema = json.loads(robust_dml("schema").stdout)
    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) == set(Study.model_fields)
