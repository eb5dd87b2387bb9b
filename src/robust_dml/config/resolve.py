"""What one model of a study is made of: its names, and the settings that apply to it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from robust_dml.config.models import NO_LOSS
from robust_dml.config.training import BackboneConfig, LossConfig, MinerConfig, OptimisationConfig

if TYPE_CHECKING:
    from robust_dml.config.attacks import AttackConfig
    from robust_dml.config.study import Study


class ModelName(NamedTuple):
    """What the seeds of one model share."""

    dataset: str
    loss: str
    training: str

    def __str__(self) -> str:
        return "/".join(self)


class Run(NamedTuple):
    """One trained model of a study."""

    dataset: str
    loss: str
    training: str
    seed: int

    @property
    def model(self) -> ModelName:
        """The names without the seed."""
        return ModelName(self.dataset, self.loss, self.training)

    @property
    def path(self) -> Path:
        """Its place below models/ and attacks/."""
        return Path(self.dataset, self.loss, self.training, f"seed{self.seed}")


def runs(study: Study) -> Iterator[Run]:
    """Yield all models of a study, in the order of its YAML."""
    trained = [loss for loss in study.losses if loss != NO_LOSS]
    for dataset, config in study.datasets.items():
        for loss, training in product(config.losses or trained, config.trainings or study.trainings):
            if training not in study.models and loss in (study.trainings[training].losses or trained):
                yield from (Run(dataset, loss, training, seed) for seed in seeds_of(study, dataset, training))
        for model in study.models:
            if model in (config.trainings or study.models):
                yield from (Run(dataset, NO_LOSS, model, seed) for seed in seeds_of(study, dataset, model))


def seeds_of(study: Study, dataset: str, training: str) -> list[int]:
    """Return the seeds of a model: those of the study that its dataset and its training have."""
    own = [study.datasets[dataset].seeds, study.trainings[training].seeds]
    return [seed for seed in study.seeds if all(seeds is None or seed in seeds for seeds in own)]


def source_of(study: Study, run: Run, training: str) -> Run | None:
    """Return the model of another training that images are transferred from; None if the study has none.

    It has the dataset, loss and seed of `run`; for a model that is not trained, the first loss that has it.
    """
    found = [other for other in runs(study) if other == run._replace(training=training, loss=other.loss)]
    any_loss = run.training in study.models
    return next((other for other in found if any_loss or other.loss == run.loss), None)


def source_training(study: Study, attack: AttackConfig) -> str | None:
    """Return the training whose model an attack makes images for: its source, or the natural one for the standard."""
    if not attack.is_standard:
        return attack.source
    natural = (name for name, training in study.trainings.items() if training.record.family == "natural")
    return next(natural, None)


def sources_of(study: Study, run: Run) -> set[Run]:
    """Return the other models that the attacks on one model take images from."""
    trainings = {source_training(study, attack) for attack in study.attacks.values()} - {None, run.training}
    found = (source_of(study, run, training) for training in trainings if training is not None)
    return {source for source in found if source is not None}


def backbone_of(study: Study, run: Run) -> tuple[str, BackboneConfig]:
    """Return the name and settings of a run's backbone: of `models`, else the training's own, else the dataset's."""
    if run.training in study.models:
        return run.training, study.models[run.training]
    name = study.trainings[run.training].backbone or study.datasets[run.dataset].backbone
    return name, study.backbones[name]


def freeze_batchnorm_of(study: Study, run: Run) -> bool:
    """Return whether BatchNorm stays as it is in training: by the training, else by its backbone."""
    own = study.trainings[run.training].freeze_batchnorm
    return backbone_of(study, run)[1].freeze_batchnorm if own is None else own


def loss_of(study: Study, run: Run) -> LossConfig:
    """Return a run's loss, with the options that its training changes."""
    loss = study.losses[run.loss]
    changes = study.trainings[run.training].loss
    if not changes:
        return loss
    return LossConfig(kind=loss.kind, options={**loss.options.model_dump(), **changes})


def miner_of(study: Study, run: Run) -> MinerConfig:
    """Return a run's miner: the training's own, else the dataset's, else the study's."""
    return study.trainings[run.training].miner or study.datasets[run.dataset].miner or study.miner


def optimisation_of(study: Study, run: Run) -> OptimisationConfig:
    """Return a run's optimisation: the study's, changed by the dataset, changed by the training."""
    dataset, training = study.datasets[run.dataset], study.trainings[run.training]
    own = {"checkpoint": "last"} if run.training in study.models else training.optimisation
    return OptimisationConfig(**{**study.optimisation.model_dump(), **dataset.optimisation, **own})


def epochs_of(study: Study, run: Run) -> int:
    """Return the epochs of a run; none for a model that is not trained here."""
    return 0 if run.training in study.models else optimisation_of(study, run).epochs


def dataset_settings(study: Study, name: str) -> dict[str, Any]:
    """Return what a dataset of a study says of its images, and nothing of trainings."""
    trained = {"backbone", "losses", "trainings", "optimisation", "miner", "validation"}
    return study.datasets[name].model_dump(mode="json", exclude=trained)


def report_settings(study: Study) -> dict[str, Any]:
    """Return what tables, figures, claims and page depend on, beside the results: all but where files lie.

    Sections of names are lists of pairs, since their order is that of rows, columns and colours.
    """
    content = study.model_dump(mode="json", exclude={"device", "sources", "data_root"})
    return {key: list(value.items()) if key in _ORDERED else value for key, value in content.items()}


_ORDERED = ("datasets", "backbones", "losses", "trainings", "attacks")
