"""The settings that one job depends on, and nothing else: they decide what must be made again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from robust_dml.config.study import Study
from robust_dml.config.training import BackboneConfig, LossConfig, MinerConfig, OptimisationConfig


@dataclass(frozen=True)
class Run:
    """One model of a study."""

    dataset: str
    loss: str
    training: str
    seed: int

    @property
    def path(self) -> Path:
        """Its place below models/ and attacks/."""
        return Path(self.dataset, self.loss, self.training, f"seed{self.seed}")


def runs(study: Study) -> Iterator[Run]:
    """All models of a study, in the order of its YAML."""
    for dataset, config in study.datasets.items():
        for loss, training in product(config.losses or study.losses, config.trainings or study.trainings):
            if loss in (study.trainings[training].losses or study.losses):
                yield from (Run(dataset, loss, training, seed) for seed in study.seeds)


def backbone_of(study: Study, run: Run) -> tuple[str, BackboneConfig]:
    """The name and settings of a run's backbone: the training's own, else the dataset's."""
    name = study.trainings[run.training].backbone or study.datasets[run.dataset].backbone
    return name, study.backbones[name]


def loss_of(study: Study, run: Run) -> LossConfig:
    """A run's loss, with the options that its training changes."""
    loss = study.losses[run.loss]
    return loss.model_copy(update={"options": {**loss.options, **study.trainings[run.training].loss}})


def miner_of(study: Study, run: Run) -> MinerConfig:
    """A run's miner: the dataset's own, else the study's."""
    return study.datasets[run.dataset].miner or study.miner


def optimisation_of(study: Study, run: Run) -> OptimisationConfig:
    """A run's optimisation: the study's, changed by the dataset, changed by the training."""
    dataset, training = study.datasets[run.dataset], study.trainings[run.training]
    return OptimisationConfig(**{**study.optimisation.model_dump(), **dataset.optimisation, **training.optimisation})


def data_settings(study: Study, dataset: str) -> dict[str, Any]:
    """What the prepared form of a dataset depends on."""
    unrelated = {"backbone", "losses", "trainings", "optimisation", "miner", "gallery"}
    return study.datasets[dataset].model_dump(mode="json", exclude=unrelated)


def training_settings(study: Study, run: Run) -> dict[str, Any]:
    """What a trained model depends on."""
    return {
        "data": data_settings(study, run.dataset),
        "backbone": backbone_of(study, run)[1].model_dump(mode="json"),
        "loss": loss_of(study, run).model_dump(mode="json"),
        "miner": miner_of(study, run).model_dump(mode="json"),
        "training": study.trainings[run.training].model_dump(
            mode="json", exclude={"loss", "losses", "optimisation", "backbone"}
        ),
        "optimisation": optimisation_of(study, run).model_dump(mode="json"),
        "seed": run.seed,
        "device": study.device,
    }


def attack_settings(study: Study, run: Run) -> dict[str, Any]:
    """What the attack results of a model depend on, beside the model itself."""
    return {
        "attacks": {name: attack.model_dump(mode="json") for name, attack in study.attacks.items()},
        "gallery": study.datasets[run.dataset].gallery,
        "evaluation": study.evaluation.model_dump(mode="json"),
        "examples": study.report.examples,
        "device": study.device,
    }
