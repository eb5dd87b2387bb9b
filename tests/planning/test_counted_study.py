"""The passes of a whole evaluation, counted while it runs, are those of its plan."""

from __future__ import annotations

from pathlib import Path

import pytest
from safetensors.torch import save_file

from evaluation.tiny_study import Passes
from robust_dml.config import Study, load_study
from robust_dml.config.evaluation import released_of
from robust_dml.config.paths import model_folder
from robust_dml.config.resolve import backbone_of, runs
from robust_dml.data.index.build import build_index
from robust_dml.data.store.build import build_store
from robust_dml.evaluation.attack import attack_model
from robust_dml.evaluation.target import load_target
from robust_dml.models import build_model
from robust_dml.planning.passes import attack_passes
from robust_dml.retrieval import rank

CI = Path(__file__).parents[2] / "config" / "ci.yaml"
SOURCES = CI.with_name("datasets.yaml")


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """config/ci.yaml with its images, and models of random weights."""
    monkeypatch.chdir(tmp_path)
    study = load_study(CI).model_copy(update={"sources": SOURCES})
    for config in study.datasets.values():
        build_index(config, study.data_root, study.sources, workers=1)
        build_store(config, study.data_root, workers=1)
    for run in runs(study):
        path = model_folder(study.name, run) / "model.safetensors"
        path.parent.mkdir(parents=True)
        save_file(build_model(backbone_of(study, run)[1], seed=0, data_root=study.data_root).state_dict(), path)
    return study


def test_the_evaluation_of_the_ci_study_runs_the_planned_passes(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exactly, but for queries that are wrong when clean: the released attacks leave them alone."""
    run = next(iter(runs(study)))
    target = load_target(study, run)
    queries = len(target.queries)
    spared = int((~rank(target.queries, target.gallery).right).sum())
    saved = sum(spared * at.attack.record.released_passes(at.attack.options) for at in released_of(study))
    counted = Passes(monkeypatch).of(lambda: attack_model(study, run))
    assert counted == attack_passes(study, run, (0, queries)) - saved
    assert 0 < spared < queries and saved > 0
