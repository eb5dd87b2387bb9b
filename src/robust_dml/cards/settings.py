"""What a card keeps so that it can be run again: settings of images, model and protocol, no trainings."""

from __future__ import annotations

from typing import Any

from robust_dml.config import ModelName, Study
from robust_dml.config.resolve import backbone_of, dataset_settings, runs


def card_settings(study: Study, model: ModelName, attack: str) -> dict[str, Any]:
    """Return the settings of a model's audit by name."""
    run = next(run for run in runs(study) if run.model == model)
    return {
        "dataset": dataset_settings(study, model.dataset),
        "backbone": backbone_of(study, run)[1].model_dump(mode="json"),
        "channels_last": study.optimisation.channels_last,
        "evaluation": study.evaluation.model_dump(mode="json"),
        "sample_seed": study.seeds[0],
        "radii": list(study.attacks[attack].epsilon),
    }
