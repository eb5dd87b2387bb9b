"""The whole study, and what must hold between its sections."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from robust_dml.config.attacks import AttackConfig
from robust_dml.config.base import Name, Section, explain
from robust_dml.config.data import DatasetConfig
from robust_dml.config.training import BackboneConfig, LossConfig, MinerConfig, OptimisationConfig, TrainingConfig

Seed = Annotated[int, Field(ge=0)]


class EvaluationConfig(Section):
    """How a model is attacked and scored."""

    batch: int = Field(128, ge=1, description="queries that are attacked at a time")
    block: int = Field(1024, ge=1, description="queries after which a killed evaluation can resume")
    stop_when_broken: bool = Field(False, description="leave a query once its nearest neighbour is wrong")
    as_released: bool = Field(True, description="beside each attack that the released code has, run that too")
    check_queries: int = Field(256, ge=0, description="queries of the extra runs for the sanity checks; 0 for none")
    clusters: bool = Field(False, description="NMI and AMI of the clean embeddings, by k-means")


class ReportConfig(Section):
    """What the tables and figures single out."""

    headline: Name | None = Field(None, description="the attack, with its epsilon, of the main comparison")
    natural: Name | None = Field(None, description="the training others are compared with; the first natural one")
    robust: Name | None = Field(None, description="the training that figures set beside it; the first robust one")
    examples: int = Field(24, ge=0, description="queries whose adversarial images are kept for figures and page")


class Study(Section):
    """Everything that a study's YAML may say."""

    name: Name = Field(description="results lie in results/<name>")
    title: str = Field("", description="what the report calls the study")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="auto is the GPU where there is one")
    sources: Path = Field(Path("config/datasets.yaml"), description="the table of archives and their hashes")
    data_root: Path = Field(Path("data"), description="folder of archives and prepared images; may be shared")
    seeds: list[Seed] = Field([0], min_length=1, description="each gives a model of its own")
    datasets: dict[Name, DatasetConfig] = Field(min_length=1, description="where the images come from")
    backbones: dict[Name, BackboneConfig] = Field(min_length=1, description="the networks")
    losses: dict[Name, LossConfig] = Field(min_length=1, description="what training minimises")
    miner: MinerConfig = Field(MinerConfig(), description="which tuples of a batch enter the loss")
    optimisation: OptimisationConfig = Field(OptimisationConfig(), description="steps, batches, precision")
    trainings: dict[Name, TrainingConfig] = Field(min_length=1, description="natural, robust and their rivals")
    attacks: dict[Name, AttackConfig] = Field(description="what is done to the queries")
    evaluation: EvaluationConfig = Field(EvaluationConfig(), description="how models are scored")
    report: ReportConfig = Field(ReportConfig(), description="what tables and figures single out")

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        for name, dataset in self.datasets.items():
            _require(f"datasets.{name}.backbone", [dataset.backbone], self.backbones)
            _require(f"datasets.{name}.losses", dataset.losses or [], self.losses)
            _require(f"datasets.{name}.trainings", dataset.trainings or [], self.trainings)
            _merged(f"datasets.{name}.optimisation", self.optimisation, dataset.optimisation)
        for name, training in self.trainings.items():
            _require(f"trainings.{name}.losses", training.losses or [], self.losses)
            _require(f"trainings.{name}.backbone", [training.backbone] if training.backbone else [], self.backbones)
            _merged(f"trainings.{name}.optimisation", self.optimisation, training.optimisation)
        for name, attack in self.attacks.items():
            _require(f"attacks.{name}.members", attack.members, self.attacks)
            _require(f"attacks.{name}.source", [attack.source] if attack.source else [], self.trainings)
        if self.report.headline:
            _require("report.headline", [self.report.headline], self.attack_names())
        _require("report.natural", [self.report.natural] if self.report.natural else [], self.trainings)
        _require("report.robust", [self.report.robust] if self.report.robust else [], self.trainings)
        return self

    def attack_names(self) -> list[str]:
        """The results of every evaluation: `clean`, then each attack with its epsilon, such as `pgd-0.1`."""
        return ["clean", *(f"{k}-{epsilon:g}" for k, attack in self.attacks.items() for epsilon in attack.epsilon)]


def _require(where: str, names: list[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            raise ValueError(f"{where}: no such name: {name}; known are {', '.join(known)}")


def _merged(where: str, base: OptimisationConfig, override: dict[str, object]) -> OptimisationConfig:
    try:
        return OptimisationConfig(**{**base.model_dump(), **override})
    except ValidationError as error:
        raise ValueError(explain(error, below=where)) from error
