"""docs/attacks.md: its example runs, its recipes work, and every name is on it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib import invalidate_caches
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from attacks.networks import images, small
from robust_dml.attacks import LinfBall
from robust_dml.attacks.problem import Problem
from robust_dml.config import load_study
from robust_dml.config.evaluation import attacks_of
from robust_dml.evaluation.planned import checks
from robust_dml.records import OBJECTIVES, OPTIMISERS
from robust_dml.retrieval import Items

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "attacks.md").read_text(encoding="utf-8")
RUN_NEW_FILES = """
import torch
from robust_dml.attacks import LinfBall
from robust_dml.attacks.problem import Problem
from robust_dml.records import OBJECTIVES, OPTIMISERS
from robust_dml.retrieval import Items

torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(48, 4))
images = torch.rand(8, 3, 4, 4)
clean = Items(model(images).detach(), torch.arange(8) % 4, torch.arange(8))
objective = OBJECTIVES.load("away-and-towards").build(clean, clean)
record = OPTIMISERS.load("mi-fgsm")
problem = Problem(model, images, objective, LinfBall(0.05), torch.arange(8))
found = record.attack(problem, record.options(steps=4))
assert (found - images).abs().max() <= 0.05 + 1e-6
assert (objective(model(found)) > objective(model(images))).all()
print(*OPTIMISERS.names, *OBJECTIVES.names)
"""


def block(heading: str, language: str = "python") -> str:
    """The code of a section of the page."""
    section = TEXT.split(f"## {heading}\n")[1].split("\n## ")[0]
    (code,) = re.findall(rf"^```{language}\n(.*?)^```", section, flags=re.MULTILINE | re.DOTALL)
    return str(code)


def test_the_example_runs_and_breaks_the_model(capsys: pytest.CaptureFixture[str]) -> None:
    namespace: dict[str, Any] = {}
    exec(compile(block("A model of your own"), "docs/attacks.md", "exec"), namespace)
    clean, attacked = re.findall(r"recall@1: ([\d.]+) clean, ([\d.]+) attacked", capsys.readouterr().out)[0]
    assert float(clean) > 0.5
    assert float(attacked) < 0.1


def test_a_file_in_the_package_is_a_new_optimiser_or_objective(tmp_path: Path) -> None:
    package = tmp_path / "robust_dml"
    shutil.copytree(ROOT / "src" / "robust_dml", package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "attacks" / "optimisers" / "mi_fgsm.py").write_text(block("Add an optimiser"))
    (package / "evaluation" / "objectives" / "away_and_towards.py").write_text(block("Add an objective"))
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    out = subprocess.run(
        [sys.executable, "-c", RUN_NEW_FILES], env=environment, capture_output=True, text=True, check=True
    )
    assert {"mi-fgsm", "away-and-towards"} <= set(out.stdout.split())
    command = [sys.executable, "-m", "robust_dml", "list", "optimiser"]
    listed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    (line,) = [line for line in listed.stdout.splitlines() if "mi-fgsm" in line]
    assert line.endswith("options: steps, decay = 1.0")


def test_a_file_beside_a_study_is_used_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "my_attacks.py").write_text(block("Keep them beside a study"))
    content = yaml.safe_load((ROOT / "config" / "ci.yaml").read_text())
    attacks = yaml.safe_load(block("Keep them beside a study", "yaml"))["attacks"]
    (tmp_path / "study.yaml").write_text(yaml.safe_dump({**content, "attacks": attacks, "report": {}}))
    invalidate_caches()
    (at,) = attacks_of(load_study(tmp_path / "study.yaml"))
    assert (at.label, at.attack.options.steps) == ("mine-0.0313725", 5)
    model, x = small(), images()
    clean = Items(model(x).detach(), torch.arange(6) % 3, torch.arange(6))
    objective: Any = OBJECTIVES.load(at.attack.objective).build(clean, clean)
    problem = Problem(model, x, objective, LinfBall(at.epsilon), torch.arange(6))
    found = at.attack.record.attack(problem, at.attack.options)
    assert 0 < (found - x).abs().max() <= at.epsilon + 1e-9
    assert (objective(model(found)) > objective(model(x))).all()


def test_every_optimiser_objective_and_check_is_on_the_page() -> None:
    for name in (*OPTIMISERS.names, *OBJECTIVES.names):
        assert f"`{name}`" in TEXT
    for check in checks():
        words = check.title.replace(" weaker than white-box", "")
        assert words in TEXT, check.title
