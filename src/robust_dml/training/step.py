"""One step of training: what a method may use to turn a batch into a loss."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from robust_dml.attacks.balls import BALLS, Ball
from robust_dml.attacks.objectives import Function, Objective
from robust_dml.attacks.problem import Problem
from robust_dml.config.attacks import TrainingAttackConfig
from robust_dml.config.training import TrainingConfig
from robust_dml.losses import LossFunction
from robust_dml.miners import MinerFunction
from robust_dml.miners.triplets import SLOTS, Slot, Triplets, at_most_per_anchor
from robust_dml.runtime.randomness import sample_seeds, torch_generator
from robust_dml.training.distributed import Processes
from robust_dml.training.forward import ForwardPasses
from robust_dml.training.methods import NoTuplesError

TupleFunction = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Embeddings of anchors, positives and negatives, (T, d) each, to one value per tuple (T,)."""


@dataclass(frozen=True)
class TrainingStep:
    """One batch, and its place in the training; every random draw is a function of seed, epoch and step."""

    images: Tensor
    """(B, 3, H, W), pixels in [0, 1]."""
    labels: Tensor
    """(B,)."""
    epoch: int
    number: int
    epochs: int
    """Epochs of the whole training."""
    seed: int
    config: TrainingConfig
    """The settings of the training; `config.options` are those of its method."""
    forward: ForwardPasses
    miner: MinerFunction
    loss_function: LossFunction
    processes: Processes

    def generator(self, purpose: str) -> torch.Generator:
        """Return a generator on the CPU that is a function of seed, purpose, epoch and step."""
        return torch_generator(self.seed, purpose, self.epoch, self.number)

    def draw(self, count: int, purpose: str) -> Tensor:
        """Draw uniformly from [0, 1), (count,), as a function of seed, purpose, epoch and step."""
        return torch.rand(count, generator=self.generator(purpose)).to(self.images.device)

    def embed(self, images: Tensor) -> Tensor:
        """Return embeddings (B, d) of images (B, 3, H, W), differentiable in the model's weights."""
        share = self.processes.share(len(images))
        return self.processes.gather(self.forward.embed(images[share]), len(images))

    def embed_fixed(self, images: Tensor) -> Tensor:
        """Return embeddings (B, d) of images (B, 3, H, W) as constants, with BatchNorm as in evaluation."""
        share = self.processes.share(len(images))
        with torch.no_grad():
            return self.processes.gather(self.forward.embed_constant(images[share]), len(images))

    def extend(self, embeddings: Tensor, adversarial: Tensor) -> Tensor:
        """Return the embeddings of the batch followed by those of adversarial images (A, 3, H, W): (B + A, d).

        Where no embedding depends on the other images of its batch, the graph of `embeddings` is used again; where
        BatchNorm is live, all images are embedded together, as in the released code.
        """
        if self.forward.independent:
            return torch.cat([embeddings, self.embed(adversarial)])
        return self.embed(torch.cat([self.images, adversarial]))

    def mine(self, embeddings: Tensor) -> Triplets:
        """Return tuples of the batch, at most `tuples_per_anchor` of each anchor. Raises NoTuplesError for none."""
        found = self.miner(embeddings.detach(), self.labels, self.generator("mine"))
        if len(found.anchor) == 0:
            raise NoTuplesError
        return at_most_per_anchor(found, self.config.tuples_per_anchor, self.generator("tuples"))

    def loss(self, embeddings: Tensor, labels: Tensor, triplets: Triplets) -> Tensor:
        """Return the study's loss of tuples of embeddings (B, d) with labels (B,), a scalar."""
        return self.loss_function(embeddings, labels, triplets)

    def attack(
        self,
        images: Tensor,
        objective: Objective,
        *,
        attack: TrainingAttackConfig | None = None,
        epsilon: float | None = None,
    ) -> Tensor:
        """Return adversarial images for `images` (A, 3, H, W), each a problem of its own.

        Args:
            objective: one value per image, in the same order.
            attack: instead of the training's attack.
            epsilon: instead of the attack's radius.
        """
        share = self.processes.share(len(images))
        rows = torch.arange(len(images), device=images.device)[share]
        found = self._run(images[share], objective.rows(rows), rows, attack, epsilon)
        return self.processes.gather(found, len(images))

    def attack_slots(
        self,
        triplets: Triplets,
        slots: Sequence[Slot],
        objective: TupleFunction,
        benign: Tensor,
        *,
        attack: TrainingAttackConfig | None = None,
        epsilon: float | None = None,
    ) -> list[Tensor]:
        """Return adversarial images (T, 3, H, W) for each of `slots`, perturbed jointly within a tuple.

        Each tuple is a problem of its own, and each of its perturbed images stays in its own ball. A batch image that
        is in several tuples has another perturbation in each.

        Args:
            objective: what each tuple maximises.
            benign: embeddings (B, d) of the batch, constants for the slots that are not perturbed.
            attack, epsilon: as in `attack`.
        """
        count = len(triplets.anchor)
        share = self.processes.share(count)
        own = triplets.rows(share)
        problem = _TupleObjective(objective, own, slots, benign.detach())
        numbers = torch.arange(count, device=self.images.device)[share]
        rows = torch.cat([position * count + numbers for position in range(len(slots))])
        images = torch.cat([self.images[getattr(own, slot)] for slot in slots])
        found = self._run(images, problem, rows, attack, epsilon)
        return [self.processes.gather(part, count) for part in _parts(found, len(own.anchor), len(slots))]

    def attack_jointly(self, function: Function) -> Tensor:
        """Return adversarial images for the whole batch that raise the sum of `function` over all embeddings."""
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
        ball, seeds = self.ball(config, epsilon), self.seeds(rows)
        return run_attack(config, Problem(self.forward.embed_constant, images, objective, ball, seeds, keep="last"))

    def ball(self, attack: TrainingAttackConfig | None = None, epsilon: float | None = None) -> Ball:
        """Return the perturbations that this epoch allows; `attack` and `epsilon` as in `attack`."""
        config = attack or self.config.attack
        return BALLS[config.norm]((config.epsilon if epsilon is None else epsilon) * self._ramp())

    def seeds(self, rows: Tensor) -> Tensor:
        """Return the seeds of the random starts of attacked images number `rows` (A,), int64 (A,)."""
        return sample_seeds(rows, self.seed, "attack", self.epoch, self.number)

    def _ramp(self) -> float:
        """Return the share of epsilon that the attacks of this epoch may use."""
        return min(1.0, (self.epoch + 1) / max(1, self.config.ramp_epochs))


def run_attack(config: TrainingAttackConfig, problem: Problem) -> Tensor:
    """Return adversarial images (B, ...) of a problem by the optimiser that `config` names."""
    found: Tensor = config.record.attack(problem, config.options)
    return found


@dataclass(frozen=True)
class _TupleObjective:
    """A function of tuples as one of their perturbed images: each has the value of its tuple."""

    function: TupleFunction
    triplets: Triplets
    slots: Sequence[Slot]
    benign: Tensor

    def __call__(self, embeddings: Tensor) -> Tensor:
        """Return the values (S * T,) of embeddings (S * T, d), those of one slot next to each other."""
        perturbed = dict(zip(self.slots, _parts(embeddings, len(self.triplets.anchor), len(self.slots)), strict=True))
        members = {slot: self.benign[getattr(self.triplets, slot)] for slot in SLOTS} | perturbed
        return self.function(*(members[slot] for slot in SLOTS)).repeat(len(self.slots))


def _parts(rows: Tensor, length: int, count: int) -> list[Tensor]:
    return [rows[number * length : (number + 1) * length] for number in range(count)]
