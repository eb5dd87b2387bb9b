"""Run by torchrun in test_processes.py: one robust step; the first process writes loss and gradient to argv[1]."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from torch import distributed

sys.path.insert(0, str(Path(__file__).parents[1]))

from robust_dml.config.training import TrainingConfig
from robust_dml.miners import Triplets
from robust_dml.miners.distance_weighted import DistanceWeightedMiner
from robust_dml.training.distributed import Processes, join_processes
from training.tiny_model import loss_of, make_step, tiny_model


def one_step(method: str, loss: str, processes: Processes) -> tuple[torch.Tensor, torch.Tensor]:
    """Loss and gradient of a batch of 13, which two processes cannot share evenly."""
    model = tiny_model()
    images = torch.rand(13, 3, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    labels = torch.arange(13) % 4
    own = {"perturb": "anchor", "attack_rate": 0.8} if method == "robust" else {}
    config = TrainingConfig(method=method, tuples_per_anchor=2, options=own)
    miner = DistanceWeightedMiner(cutoff=0.0, nonzero_loss_cutoff=2.0)
    step = make_step(model, images, labels, miner=miner, config=config, loss=loss, processes=processes)
    value = loss_of(step)
    value.backward()
    processes.sum_gradients(model.parameters())
    return value.detach(), torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])


def slots(processes: Processes) -> torch.Tensor:
    """Adversarial positives and negatives of 5 tuples, which two processes cannot share evenly."""
    images = torch.rand(13, 3, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    config = TrainingConfig(method="natural")
    step = make_step(tiny_model(), images, torch.arange(13) % 4, miner=NOTHING, config=config, processes=processes)
    triplets = Triplets(torch.arange(5), torch.arange(4, 9), torch.arange(1, 6))
    benign = step.embed(images)
    found = step.attack_slots(triplets, ("positive", "negative"), lambda a, p, n: (p - a).norm(dim=1), benign)
    return torch.cat(found)


def NOTHING(*_: object) -> Triplets:  # noqa: N802
    """A miner that is not called."""
    raise AssertionError


if __name__ == "__main__":
    found = join_processes("cpu")
    assert found.count == 2
    result = {
        f"{method}-{loss}": one_step(method, loss, found)
        for method in ("natural", "robust", "joint", "visualphishnet")
        for loss in ("contrastive", "triplet")
    }
    adversarial = slots(found)
    if found.leads:
        torch.save({**result, "slots": adversarial}, sys.argv[1])
    distributed.destroy_process_group()
