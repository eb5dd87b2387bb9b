"""The whole study; what must hold between its sections is checked in `robust_dml.config.consistency`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from robust_dml.config.attacks import AttackConfig
from robust_dml.config.data import DatasetConfig
from robust_dml.config.evaluation import EvaluationConfig
from robust_dml.config.models import with_models
from robust_dml.config.standard import with_standard
from robust_dml.config.training import BackboneConfig, LossConfig, MinerConfig, OptimisationConfig, TrainingConfig
from robust_dml.runtime.section import Integer, Name, Section

Seed = Annotated[Integer, Field(ge=0, lt=2**63)]
KEPT_EXAMPLES = 48


class ReportConfig(Section):
    """What the tables and figures single out."""

    headline: Name | None = Field(None, description="the attack, with its epsilon, of the main comparison")
    natural: Name | None = Field(None, description="the training others are compared with; the first natural one")
    robust: Name | None = Field(None, description="the training that figures set beside it; the first robust one")
    examples: Integer = Field(
        24, ge=0, le=KEPT_EXAMPLES, description="queries whose adversarial images figures and page show"
    )


def _default_miner() -> MinerConfig:
    return MinerConfig(kind="distance-weighted")


class Study(Section):
    """Everything that a study's YAML may say."""

    name: Name = Field(description="results are written to results/<name>")
    title: str = Field("", description="what the report calls the study")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="auto is the GPU where there is one")
    sources: Path = Field(Path("config/datasets.yaml"), description="the table of archives and their hashes")
    data_root: Path = Field(Path("data"), description="folder of archives and prepared images; may be shared")
    seeds: list[Seed] = Field([0], min_length=1, description="each gives a model of its own")
    datasets: dict[Name, DatasetConfig] = Field(min_length=1, description="where the images come from")
    backbones: dict[Name, BackboneConfig] = Field(min_length=1, description="the networks")
    losses: dict[Name, LossConfig] = Field(min_length=1, description="what training minimises")
    miner: MinerConfig = Field(default_factory=_default_miner, description="which tuples of a batch enter the loss")
    optimisation: OptimisationConfig = Field(OptimisationConfig(), description="steps, batches, precision")
    trainings: dict[Name, TrainingConfig] = Field(min_length=1, description="natural, robust and their rivals")
    models: dict[Name, BackboneConfig] = Field(
        {},
        description="models that are not trained here, attacked beside the others: the keys of a backbone;"
        " `backbone: NAME` for one of the study's with random weights; or `encoder: SOURCE` for one of your own, a"
        " `module:function`, a TorchScript or exported file, or the folder of a trained model",
    )
    attacks: dict[Name, AttackConfig] = Field(
        description="what is done to the queries; `standard` is the frozen protocol (docs/protocol.md)"
    )
    evaluation: EvaluationConfig = Field(EvaluationConfig(), description="how models are scored")
    report: ReportConfig = Field(ReportConfig(), description="what tables and figures single out")

    @model_validator(mode="before")
    @classmethod
    def _written_out(cls, data: Any) -> Any:
        return with_models(with_standard(data)) if isinstance(data, Mapping) else data

    @field_validator("seeds")
    @classmethod
    def _each_seed_once(cls, value: list[int]) -> list[int]:
        if len(set(value)) < len(value):
            raise ValueError("duplicate seed")
        return value

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        from robust_dml.config.consistency import require_consistent

        require_consistent(self)
        return self
