"""The two-convolution network of the recorded numbers, and a training step around it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from robust_dml.config.training import LossConfig, OptimisationConfig, TrainingConfig
from robust_dml.losses import build_loss
from robust_dml.miners import MinerFunction
from robust_dml.models import EmbeddingModel
from robust_dml.training.distributed import Processes
from robust_dml.training.forward import ForwardPasses
from robust_dml.training.step import TrainingStep

LOSSES = {
    "contrastive": LossConfig(kind="contrastive", options={"pos_margin": 0, "neg_margin": 1}),
    "triplet": LossConfig(kind="triplet", options={"margin": 0.2}),
}


class TinyNet(nn.Module):
    """3 -> 6 -> 10 channels, mean over positions, linear layer to 8."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 3, stride=2, padding=1)
        self.conv2 = nn.Conv2d(6, 10, 3, stride=2, padding=1)
        self.fc = nn.Linear(10, 8)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.conv2(torch.relu(self.conv1(x))))
        return self.fc(x.mean((2, 3)))


def tiny_model(seed: int = 0) -> EmbeddingModel:
    torch.manual_seed(seed)
    return EmbeddingModel(TinyNet()).double()


def make_step(
    model: EmbeddingModel,
    images: Tensor,
    labels: Tensor,
    *,
    miner: MinerFunction,
    config: TrainingConfig,
    loss: str = "triplet",
    processes: Processes | None = None,
    freeze_batchnorm: bool = True,
    optimisation: OptimisationConfig | None = None,
) -> TrainingStep:
    """The first step of a training with seed 0."""
    return TrainingStep(
        images=images,
        labels=labels,
        epoch=0,
        number=0,
        epochs=1,
        seed=0,
        config=config,
        forward=ForwardPasses(model, optimisation or OptimisationConfig(), freeze_batchnorm=freeze_batchnorm),
        miner=miner,
        loss_function=build_loss(LOSSES[loss]),
        processes=processes or Processes(),
    )


def loss_of(step: TrainingStep) -> Tensor:
    """The loss of a step by the method that its config names."""
    loss: Tensor = step.config.record.build(step.config.options).loss(step)
    return loss
