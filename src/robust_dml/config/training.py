"""`backbones`, `losses`, `miner`, `optimisation`, `trainings`: how a model comes to be."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from robust_dml.config.attacks import TrainingAttackConfig
from robust_dml.config.base import Name, Section, Share


class BackboneConfig(Section):
    """An embedding network: a trunk by name, a linear head, l2 normalisation."""

    kind: str = Field(description="convnet, resnet18, resnet50, visualphishnet, torchvision:NAME or MODULE:FUNCTION")
    embedding: int = Field(128, gt=1, description="dimension of the embedding")
    widths: list[int] = Field([32, 64, 128], description="convnet: channels of its stages")
    weights: Literal["imagenet", "random"] | Path = Field("random", description="or the path of a file of weights")
    normalize: Literal["none", "imagenet"] = Field("none", description="mean and std, applied inside the model")
    normalize_embedding: bool = True
    freeze_batchnorm: bool = True


class LossConfig(Section):
    """A loss by its name here, or any loss of pytorch-metric-learning by its class name."""

    kind: str = Field(description="contrastive, triplet or a class of pytorch_metric_learning.losses")
    options: dict[str, Any] = Field({}, description="its arguments, such as margin")


class MinerConfig(Section):
    """A miner by its name here, or any miner of pytorch-metric-learning by its class name."""

    kind: str = Field("distance-weighted", description="or a class of pytorch_metric_learning.miners")
    options: dict[str, Any] = Field({"cutoff": 0.5, "nonzero_loss_cutoff": 1.4}, description="its arguments")


class OptimisationConfig(Section):
    """The paper's optimisation by default (released code, module.py and train.py)."""

    epochs: int = Field(150, ge=1)
    learning_rate: float = Field(1e-5, gt=0)
    weight_decay: float = Field(4e-4, ge=0)
    classes_per_batch: int = Field(56, ge=2)
    samples_per_class: int = Field(2, ge=2)
    precision: Literal["fp32", "tf32", "bf16"] = "fp32"
    channels_last: bool = True
    compile: bool = False
    deterministic: bool = True
    workers: int = Field(0, ge=0, description="processes that load batches; 0 loads them in the training process")
    validate_every: int = Field(1, ge=1, description="epochs between evaluations")
    checkpoint: Literal["last", "best-clean", "best-adversarial", "validation"] = "last"
    max_bad_steps: Share = Field(0.5, description="share of steps of an epoch that may lack tuples or a finite loss")


class TrainingConfig(Section):
    """A training method and its settings."""

    method: Name = Field(description="a method of robust_dml.training.methods")
    perturb: Literal["positive", "negative", "anchor"] = "positive"
    attack_rate: Share = Field(1.0, description="share of the tuples that get an adversarial member")
    tuples_per_anchor: int = Field(1, ge=1)
    attack: TrainingAttackConfig = TrainingAttackConfig()
    ramp_epochs: int = Field(
        0, ge=0, description="epochs over which epsilon rises to its value; a network without a head start needs it"
    )
    backbone: Name | None = Field(None, description="instead of the dataset's")
    losses: list[Name] | None = Field(None, description="of the study's losses; all of the dataset's if absent")
    loss: dict[str, Any] = Field({}, description="options of the loss that differ for this training")
    optimisation: dict[str, Any] = Field({}, description="keys of `optimisation` that differ for this training")
    options: dict[str, Any] = Field({}, description="further settings of the method")
