"""The example of docs/attacks.md, with a torchvision model of the user's own, runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest

from robust_dml.config.attacks import Optimiser
from robust_dml.evaluation.checks import CHECKS

TEXT = (Path(__file__).parents[2] / "docs" / "attacks.md").read_text(encoding="utf-8")


def test_the_example_runs_and_breaks_the_model(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```", TEXT, flags=re.MULTILINE | re.DOTALL)
    namespace: dict[str, Any] = {}
    exec(compile(code, "docs/attacks.md", "exec"), namespace)
    clean, attacked = re.findall(r"recall@1: ([\d.]+) clean, ([\d.]+) attacked", capsys.readouterr().out)[0]
    assert float(clean) > 0.5
    assert float(attacked) < 0.1


def test_every_optimiser_and_check_is_on_the_page() -> None:
    for name in get_args(Optimiser):
        assert f"`{name}`" in TEXT
    for name in CHECKS:
        words = name.replace(" weaker than white-box", "")
        assert words in TEXT, name
