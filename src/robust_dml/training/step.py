"""What a method may use in one step of training: embed, mine, attack, and the loss of the study."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from robust_dml.attacks.frozen import Embed
from robust_dml.attacks.objectives import Function, Objective
from robust_dml.attacks.registry import run_attack
from robust_dml.config.attacks import TrainingAttackConfig
from robust_dml.config.training import TrainingConfig
from robust_dml.losses import Loss
from robust_dml.miners import Miner, Triplets, at_most_per_anchor
from robust_dml.runtime.randomness import sample_seeds, torch_generator
from robust_dml.training.distributed import Processes
from robust_dml.training.forward import Network


class NoTuplesError(Exception):
    """The miner found no tuple in the batch; the step is counted and left out."""


@dataclass(frozen=True)
class Tools:
    """What all steps of a training share."""

    network: Network
    miner: Miner
    loss: Loss
    config: TrainingConfig
    seed: int
    processes: Processes


@dataclass(frozen=True)
class Step:
    """One batch: images (B, 3, H, W) in [0, 1] and labels (B,), with the place of the step in the training."""

    tools: Tools
    images: Tensor
    labels: Tensor
    epoch: int
    number: int

    @property
    def config(self) -> TrainingConfig:
        """The study's settings of the method."""
        return self.tools.config

    def generator(self, purpose: str) -> torch.Generator:
        """A generator on the CPU that is a function of seed, purpose, epoch and step."""
        return torch_generator(self.tools.seed, purpose, self.epoch, self.number)

    def draw(self, count: int, purpose: str) -> Tensor:
        """Uniform draws in [0, 1), (count,), a function of seed, purpose, epoch and step."""
        return torch.rand(count, generator=self.generator(purpose)).to(self.images.device)

    def embed(self, images: Tensor) -> Tensor:
        """Embeddings (B, d) of images (B, 3, H, W), differentiable in the model's weights."""
        share = self.tools.processes.share(len(images))
        return self.tools.processes.gather(self.tools.network.embed(images[share]), len(images))

    def extend(self, embeddings: Tensor, adversarial: Tensor) -> Tensor:
        """Embeddings of the batch followed by the adversarial images (A, 3, H, W): (B + A, d).

        `embeddings` are those of the batch. Where no image's embedding depends on the others of its batch, their
        graph serves again; where BatchNorm is live, everything is embedded anew, as the released code does.
        """
        if self.tools.network.independent:
            return torch.cat([embeddings, self.embed(adversarial)])
        return self.embed(torch.cat([self.images, adversarial]))

    def mine(self, embeddings: Tensor) -> Triplets:
        """Tuples of the batch, at most `tuples_per_anchor` of each anchor. Raises NoTuplesError if there is none."""
        found = self.tools.miner(embeddings.detach(), self.labels, self.generator("mine"))
        if len(found.anchor) == 0:
            raise NoTuplesError
        return at_most_per_anchor(found, self.config.tuples_per_anchor, self.generator("tuples"))

    def loss(self, embeddings: Tensor, labels: Tensor, triplets: Triplets) -> Tensor:
        """The study's loss, a scalar."""
        return self.tools.loss(embeddings, labels, triplets)

    def attack(
        self,
        images: Tensor,
        objective: Objective,
        *,
        attack: TrainingAttackConfig | None = None,
        epsilon: float | None = None,
    ) -> Tensor:
        """Adversarial images for `images` (A, 3, H, W), the objective's samples in the same order.

        By the study's attack unless another is given. Each image's random start is a function of seed, epoch,
        step and its row alone.
        """
        share = self.tools.processes.share(len(images))
        rows = torch.arange(len(images), device=images.device)[share]
        found = self._run(images[share], objective.rows(rows), rows, attack, epsilon)
        return self.tools.processes.gather(found, len(images))

    def attack_jointly(self, function: Function) -> Tensor:
        """Adversarial images for the whole batch, whose sum of `function` over all embeddings is raised."""
        return self._run(self.images, function, torch.arange(len(self.images), device=self.images.device), None, None)

    def _run(
        self,
        images: Tensor,
        objective: Function,
        rows: Tensor,
        attack: TrainingAttackConfig | None,
        epsilon: float | None,
    ) -> Tensor:
        config = attack or self.config.attack
        embed: Embed = self.tools.network.embed_constant
        seeds = sample_seeds(rows, self.tools.seed, "attack", self.epoch, self.number)
        radius = (config.epsilon if epsilon is None else epsilon) * self._ramp()
        return run_attack(config, embed, images, objective, epsilon=radius, seeds=seeds)

    def _ramp(self) -> float:
        """The share of epsilon that this epoch's attacks may use."""
        return min(1.0, (self.epoch + 1) / max(1, self.config.ramp_epochs))
