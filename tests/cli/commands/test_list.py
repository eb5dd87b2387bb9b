"""`robust-dml list`: every name with its summary and options."""

from __future__ import annotations

import subprocess
import sys

import pytest

from robust_dml.cli.main import main
from robust_dml.records import OPTIMISERS, REGISTRIES


def test_every_kind_and_name_is_listed_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if not line.startswith(" ")] == [f"{registry.what}:" for registry in REGISTRIES]
    for registry in REGISTRIES:
        start = lines.index(f"{registry.what}:") + 1
        listed = [line.split()[0] for line in lines[start : start + len(registry.names)]]
        assert listed == registry.names


def test_a_name_is_shown_with_its_summary_and_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "optimiser"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + len(OPTIMISERS.names)
    (pgd,) = [line for line in lines if line.startswith("  pgd ")]
    assert pgd.endswith(f"{OPTIMISERS.load('pgd').summary}; options: steps, step_size = None, restarts = 1")


def test_an_unknown_kind_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "optimizer"]) == 1
    error = capsys.readouterr().err
    assert (
        "no such kind: optimizer (did you mean optimiser?); known are dataset, backbone, loss" in error
        and error.count("\n") == 1
    )


def test_it_imports_nothing_heavy() -> None:
    code = (
        "import sys; from robust_dml.cli.main import main\n"
        "main(['list']); assert not {'torch', 'pandas'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
