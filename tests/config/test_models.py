"""`models` of a study: models that are not trained here, as trainings of no step."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from config.test_load import STUDIES
from robust_dml.config import Run, Study
from robust_dml.config.digests import training_digest
from robust_dml.config.resolve import backbone_of, runs, source_of
from robust_dml.runtime.sealed import write_sealed

CI: dict[str, Any] = yaml.safe_load((STUDIES / "ci.yaml").read_text())
MODELS = {"pixels": {"kind": "pixels", "normalize_embedding": False}, "random": {"backbone": "tiny"}}


def with_models(models: Any = MODELS, **sections: Any) -> Study:
    return Study(**{**CI, **sections, "models": models})


def test_each_model_is_a_run_of_every_dataset_and_seed_without_a_loss() -> None:
    study = with_models(seeds=[0, 1])
    own = [run for run in runs(study) if run.training in MODELS]
    assert own == [Run("digits", "none", name, seed) for name in MODELS for seed in (0, 1)]
    trained = [run for run in runs(study) if run.training not in MODELS]
    assert trained == list(runs(Study(**{**CI, "seeds": [0, 1]})))


def test_a_model_or_a_training_may_have_some_of_the_seeds() -> None:
    trainings = {**CI["trainings"], "natural": {"method": "natural", "seeds": [1]}}
    models = {"pixels": {**MODELS["pixels"], "seeds": [0]}, "random": {**MODELS["random"], "seeds": [1]}}
    study = with_models(models, seeds=[0, 1], trainings=trainings)
    seeds = {name: [run.seed for run in runs(study) if run.training == name] for name in study.trainings}
    assert seeds == {"natural": [1], "robust-anchor": [0, 1], "pixels": [0], "random": [1]}
    assert Study(**study.model_dump()) == study
    run = Run("digits", "triplet", "natural", 1)
    assert training_digest(study, run) == training_digest(with_models(seeds=[0, 1]), run)


def test_a_model_has_its_own_backbone_or_one_of_the_study() -> None:
    study = with_models()
    assert backbone_of(study, Run("digits", "none", "pixels", 0))[1].kind == "pixels"
    assert backbone_of(study, Run("digits", "none", "random", 0)) == ("random", study.backbones["tiny"])


def test_a_study_can_be_made_again_from_what_it_says() -> None:
    study = with_models()
    assert Study(**study.model_dump()) == study


def test_nothing_of_the_training_is_in_the_digest_of_a_model() -> None:
    run = Run("digits", "none", "random", 0)
    other = with_models(optimisation={"epochs": 7}, losses={"triplet": {"kind": "triplet", "options": {"margin": 0.5}}})
    assert training_digest(with_models(), run) == training_digest(other, run)
    wider = with_models(backbones={"tiny": {"kind": "convnet", "widths": [8, 32], "embedding": 16}})
    assert training_digest(with_models(), run) != training_digest(wider, run)


def test_images_are_transferred_from_a_trained_model_of_the_same_seed() -> None:
    study = with_models(seeds=[0, 1])
    assert source_of(study, Run("digits", "none", "pixels", 1), "natural") == Run("digits", "triplet", "natural", 1)
    assert source_of(study, Run("digits", "triplet", "natural", 1), "absent") is None


@pytest.mark.parametrize(
    ("models", "message"),
    [
        ({"natural": {"backbone": "tiny"}}, "models.natural: a training has this name"),
        ({"other": {"backbone": "huge"}}, "models.other.backbone: no such name: huge; known are tiny"),
        ({"other": {"kind": "pixls"}}, "did you mean pixels"),
        ({"other": {"kind": "pixels", "seeds": [5]}}, "trainings.other.seeds: no such name: 5; known are 0"),
        ({"pixels": {"kind": "pixels", "remove": "colour"}}, "remove"),
    ],
)
def test_mistakes_name_their_place(models: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        with_models(models)


def test_an_encoder_is_named_by_its_source(tmp_path: Path) -> None:
    (tmp_path / "network.pt").write_bytes(b"weights")
    source = str(tmp_path / "network.pt")
    own = with_models({"own": {"encoder": source, "normalize_embedding": False}}).models["own"]
    assert (own.kind, own.options.source, own.normalize_embedding) == ("encoder", source, False)
    before = training_digest(with_models({"own": {"encoder": source}}), Run("digits", "none", "own", 0))
    (tmp_path / "network.pt").write_bytes(b"other weights")
    assert training_digest(with_models({"own": {"encoder": source}}), Run("digits", "none", "own", 0)) != before


def test_a_trained_model_is_named_by_its_folder(tmp_path: Path) -> None:
    backbone = with_models().backbones["tiny"].model_dump(mode="json")
    write_sealed(tmp_path / "run.json", {"settings": {"backbone": backbone}})
    found = with_models({"other": {"encoder": str(tmp_path)}}).models["other"]
    assert found == with_models().backbones["tiny"].model_copy(update={"weights": tmp_path / "model.safetensors"})


def test_a_folder_without_a_trained_model_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match=r"models\.other\.encoder: .*expected the folder of a trained model"):
        with_models({"other": {"encoder": str(tmp_path)}})
