"""Check the sections of a study against each other, so that every mistake is found before the first job."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from robust_dml.config.attacks import AttackConfig
from robust_dml.config.evaluation import attacks_of, result_labels
from robust_dml.config.resolve import loss_of, optimisation_of, runs, source_of
from robust_dml.config.standard import NAMES
from robust_dml.config.training import OptimisationConfig
from robust_dml.runtime.section import explain

if TYPE_CHECKING:
    from robust_dml.config.study import Study

RESERVED = ("none", "clean")


def require_consistent(study: Study) -> None:
    """Raise ValueError, with the place in the YAML, where two sections of a study contradict each other."""
    _names_exist(study)
    _overrides_fit(study)
    for name, attack in study.attacks.items():
        _attack_is_possible(study, name, attack)
    _labels_differ(study)
    _runs_are_possible(study)
    _report_names_exist(study)


def _names_exist(study: Study) -> None:
    for name, dataset in study.datasets.items():
        _require(f"datasets.{name}.backbone", [dataset.backbone], study.backbones)
        _require(f"datasets.{name}.losses", dataset.losses or [], study.losses)
        _require(f"datasets.{name}.trainings", dataset.trainings or [], study.trainings)
    for name, training in study.trainings.items():
        _require(f"trainings.{name}.losses", training.losses or [], study.losses)
        _require(
            f"trainings.{name}.seeds", [str(seed) for seed in training.seeds or []], [str(seed) for seed in study.seeds]
        )
        _require(f"trainings.{name}.backbone", [training.backbone] if training.backbone else [], study.backbones)
    for name, attack in study.attacks.items():
        if name in RESERVED:
            raise ValueError(f"attacks.{name}: the name is reserved for unperturbed queries; choose another")
        _require(f"attacks.{name}.members", attack.members, study.attacks)
        _require(f"attacks.{name}.source", [attack.source] if attack.source else [], study.trainings)


def _overrides_fit(study: Study) -> None:
    """Raise ValueError if a dataset or a training changes a key that `optimisation` lacks."""
    sections: dict[str, Mapping[str, Any]] = {
        **{f"datasets.{name}": dataset.optimisation for name, dataset in study.datasets.items()},
        **{f"trainings.{name}": training.optimisation for name, training in study.trainings.items()},
    }
    for where, override in sections.items():
        try:
            OptimisationConfig(**{**study.optimisation.model_dump(), **override})
        except ValidationError as error:
            raise ValueError(explain(error, below=f"{where}.optimisation")) from error


def _attack_is_possible(study: Study, name: str, attack: AttackConfig) -> None:
    where = f"attacks.{name}"
    if attack.is_standard and name != NAMES[attack.norm]:
        raise ValueError(f"{where}: the standard protocol is given as `standard`, with its radii and no settings")
    if attack.norm == "l2":
        for dataset_name, dataset in study.datasets.items():
            largest = math.sqrt(3) * dataset.transform.size
            if max(attack.epsilon) > largest:
                raise ValueError(
                    f"{where}.epsilon: {max(attack.epsilon):g} exceeds the largest l2 distance of two images of"
                    f" {dataset_name}, {largest:.4g}"
                )
    for member in attack.members:
        other = study.attacks[member]
        if other.is_ensemble or other.is_standard:
            raise ValueError(f"{where}.members: {member} is an ensemble itself; name its members instead")
        if (other.norm, other.threat) != (attack.norm, attack.threat):
            raise ValueError(f"{where}.members: {member} has another norm or threat than {name}")
        missing = [f"{epsilon:g}" for epsilon in attack.epsilon if epsilon not in other.epsilon]
        if missing:
            raise ValueError(f"{where}.members: {member} lacks epsilon {', '.join(missing)}; add it there")


def _labels_differ(study: Study) -> None:
    labels = result_labels(study)
    doubled = sorted({label for label in labels if labels.count(label) > 1})
    if doubled:
        raise ValueError(f"attacks: two results would have the name {doubled[0]}; rename an attack")


def _runs_are_possible(study: Study) -> None:
    models = list(runs(study))
    used = {run.training for run in models}
    for name in study.trainings:
        if name not in used:
            raise ValueError(f"trainings.{name}: no dataset and loss of the study are trained with it")
    for run in models:
        optimisation, dataset = optimisation_of(study, run), study.datasets[run.dataset]
        if optimisation.checkpoint == "validation" and dataset.validation == 0:
            raise ValueError(
                f"datasets.{run.dataset}: checkpoint: validation needs `validation` above 0, a share of the training"
                f" classes (training {run.training})"
            )
        try:
            loss_of(study, run)
        except ValidationError as error:
            raise ValueError(explain(error, below=f"trainings.{run.training}.loss")) from error
        for name, attack in study.attacks.items():
            source = attack.source
            if source and source_of(study, run, source) is None:
                raise ValueError(
                    f"attacks.{name}.source: {source}: the study has no model of it beside {run.path} to transfer from"
                )


def _report_names_exist(study: Study) -> None:
    if study.report.headline:
        _require("report.headline", [study.report.headline], [at.label for at in attacks_of(study)])
    for key in ("natural", "robust"):
        name = getattr(study.report, key)
        _require(f"report.{key}", [name] if name else [], study.trainings)


def _require(where: str, names: list[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            raise ValueError(f"{where}: no such name: {name}; known are {', '.join(known)}")
