"""`backbones`, `losses`, `miner`, `optimisation`, `trainings`: how a model is made."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from robust_dml.config.attacks import TrainingAttackConfig
from robust_dml.records import BACKBONES, LOSSES, METHODS, MINERS, Backbone, Loss, Method, Miner
from robust_dml.runtime.options import Entry
from robust_dml.runtime.section import Integer, Name, Number, Section, Share


class BackboneConfig(Entry):
    """An embedding network: a trunk by name, a linear head, l2 normalisation. Options of its kind stand beside."""

    kind: str = Field(description="a backbone of `robust-dml list backbone`, torchvision:NAME or MODULE:FUNCTION")
    embedding: Integer = Field(128, gt=1, le=65536, description="dimension of the embedding")
    weights: Literal["imagenet", "random"] | Path = Field("random", description="or the path of a file of weights")
    normalize: Literal["none", "imagenet"] = Field("none", description="mean and std, applied inside the model")
    normalize_embedding: bool = True
    freeze_batchnorm: bool = True

    @classmethod
    def find(cls, name: str) -> Backbone:
        """Return the record of a backbone."""
        return BACKBONES.load(name)

    @property
    def measured_as(self) -> str:
        """The kind whose recorded speed an estimate uses, and whose code it runs beside its own."""
        found: str = self.record.measured_as(self)
        return found

    @model_validator(mode="after")
    def _weights_exist(self) -> Self:
        if self.weights == "imagenet" and self.record.imagenet is None and not self.record.fetches_imagenet:
            raise ValueError(f"weights: there are no ImageNet weights for {self.kind}; give the path of a file")
        return self


class LossConfig(Entry):
    """A loss by its name here, or any loss of pytorch-metric-learning by its class name."""

    kind: str = Field(
        description="of `robust-dml list loss`, a class of pytorch_metric_learning.losses, or MODULE:NAME"
    )

    @classmethod
    def find(cls, name: str) -> Loss:
        """Return the record of a loss."""
        return LOSSES.load(name)


class MinerConfig(Entry):
    """A miner by its name here, or any miner of pytorch-metric-learning by its class name."""

    kind: str = Field(
        "distance-weighted", description="or a class of pytorch_metric_learning.miners, or MODULE:NAME of your own"
    )

    @classmethod
    def find(cls, name: str) -> Miner:
        """Return the record of a miner."""
        return MINERS.load(name)


class OptimisationConfig(Section):
    """The paper's optimisation by default (released code, module.py and train.py)."""

    epochs: Integer = Field(150, ge=1, le=1_000_000)
    learning_rate: Number = Field(1e-5, gt=0)
    weight_decay: Number = Field(4e-4, ge=0)
    classes_per_batch: Integer = Field(56, ge=2, le=100_000)
    samples_per_class: Integer = Field(2, ge=2, le=100_000)
    precision: Literal["fp32", "tf32", "bf16"] = "fp32"
    channels_last: bool = True
    compile: bool = False
    deterministic: bool = True
    workers: Integer = Field(
        0, ge=0, le=256, description="processes that load batches; 0 loads them in the training process"
    )
    validate_every: Integer = Field(1, ge=1, le=1_000_000, description="epochs between evaluations")
    validation_queries: Integer | None = Field(
        None,
        ge=1,
        le=1_000_000,
        description="queries that a validation attacks, spread over the classes; all if absent",
    )
    checkpoint: Literal["last", "best-clean", "best-adversarial", "validation"] = "last"
    average_steps: Integer = Field(
        0,
        ge=0,
        le=1_000_000_000,
        description="steps over which the weights are averaged, exponentially, to be the model; 0 keeps the last",
    )
    max_bad_steps: Share = Field(0.5, description="share of steps of an epoch that may lack tuples or a finite loss")


def _default_attack() -> TrainingAttackConfig:
    return TrainingAttackConfig(optimiser="pgd")


class TrainingConfig(Entry):
    """A training method and its settings. Options of the method stand beside them."""

    key: ClassVar[str] = "method"

    method: str = Field(description="a method of `robust-dml list method`, or MODULE:NAME of your own")
    tuples_per_anchor: Integer = Field(1, ge=1, le=1_000)
    attack: TrainingAttackConfig = Field(default_factory=_default_attack, description="of the perturbed images")
    ramp_epochs: Integer = Field(
        0,
        ge=0,
        le=1_000_000,
        description="epochs over which epsilon rises to its value; a network without pre-training needs it",
    )
    backbone: Name | None = Field(None, description="instead of the dataset's")
    freeze_batchnorm: bool | None = Field(None, description="instead of the backbone's")
    miner: MinerConfig | None = Field(None, description="instead of the dataset's or the study's")
    losses: Annotated[list[Name], Field(min_length=1)] | None = Field(
        None, description="of the study's losses; all of the dataset's if absent"
    )
    seeds: Annotated[list[Integer], Field(min_length=1)] | None = Field(
        None, description="of the study's seeds; all if absent. A model without random weights needs one"
    )
    loss: dict[str, Any] = Field({}, description="options of the loss that differ for this training")
    optimisation: dict[str, Any] = Field({}, description="keys of `optimisation` that differ for this training")

    @classmethod
    def find(cls, name: str) -> Method:
        """Return the record of a training method."""
        return METHODS.load(name)

    @model_validator(mode="after")
    def _ramp_has_an_attack(self) -> Self:
        if self.ramp_epochs and not (self.record.attacks or self.record.optimisers):
            raise ValueError(f"ramp_epochs: {self.method} has no attack whose epsilon could rise; remove it")
        return self

    @model_validator(mode="after")
    def _method_takes_its_attack(self) -> Self:
        refusal = self.record.refuses(self)
        if refusal is not None:
            raise ValueError(refusal)
        return self
