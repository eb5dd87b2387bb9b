"""The examples of docs/training.md train."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from robust_dml.config import Run, load_study
from robust_dml.losses import LOSSES
from robust_dml.training import train
from robust_dml.training.methods import METHODS
from training.conftest import MakeStudy

TEXT = (Path(__file__).parents[2] / "docs" / "training.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, flags=re.MULTILINE | re.DOTALL)


def study_sections() -> dict[str, Any]:
    """All settings that the page shows, together."""
    sections: dict[str, Any] = {}
    for block in blocks("yaml"):
        for section, content in yaml.safe_load(block).items():
            sections.setdefault(section, {}).update(content)
    return sections


def test_the_new_method_loss_and_backbone_train(
    make_study: MakeStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(METHODS, "mixed", METHODS["natural"])
    monkeypatch.setitem(LOSSES, "soft-triplet", LOSSES["triplet"])
    monkeypatch.syspath_prepend(tmp_path)
    namespace: dict[str, Any] = {"METHODS": METHODS, "LOSSES": LOSSES}
    for block in blocks("python"):
        if block.startswith("# my_networks.py"):
            (tmp_path / "my_networks.py").write_text(block, encoding="utf-8")
        else:
            exec(compile(block, "docs/training.md", "exec"), namespace)
    study = load_study(make_study(**study_sections()))
    for loss in ("soft-triplet", "multi-similarity"):
        run = Run("digits", loss, "mixed", 0)
        train(study, run)
        assert (Path("results/tiny/models") / run.path / "model.safetensors").exists()
    assert METHODS["mixed"] is namespace["mixed"]
    assert "my_networks" in sys.modules
    monkeypatch.delitem(sys.modules, "my_networks")


def test_every_method_is_on_the_page() -> None:
    for name in METHODS:
        assert f"| `{name}` |" in TEXT
