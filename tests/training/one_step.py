"""Run by torchrun in test_processes.py: one robust step; the first process writes loss and gradient to argv[1]."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from torch import distributed

sys.path.insert(0, str(Path(__file__).parents[1]))

from robust_dml.config.training import TrainingConfig
from robust_dml.miners.distance_weighted import DistanceWeightedMiner
from robust_dml.training.distributed import Processes, join_processes
from robust_dml.training.methods import METHODS
from training.tiny_model import make_step, tiny_model


def one_step(method: str, loss: str, processes: Processes) -> tuple[torch.Tensor, torch.Tensor]:
    """Loss and gradient of a batch of 13, which two processes cannot share evenly."""
    model = tiny_model()
    images = torch.rand(13, 3, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    labels = torch.arange(13) % 4
    config = TrainingConfig(method=method, perturb="anchor", attack_rate=0.8, tuples_per_anchor=2)
    miner = DistanceWeightedMiner(0.0, 2.0)
    step = make_step(model, images, labels, miner=miner, config=config, loss=loss, processes=processes)
    value = METHODS[method](step)
    value.backward()
    processes.sum_gradients(model.parameters())
    return value.detach(), torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])


if __name__ == "__main__":
    found = join_processes("cpu")
    assert found.count == 2
    result = {
        f"{method}-{loss}": one_step(method, loss, found)
        for method in ("natural", "robust", "joint", "visualphishnet")
        for loss in ("contrastive", "triplet")
    }
    if found.leads:
        torch.save(result, sys.argv[1])
    distributed.destroy_process_group()
