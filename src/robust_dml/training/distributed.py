"""Several processes, one per GPU, started by torchrun: they share the images of a batch and exchange embeddings.

Each process embeds and attacks its part of the batch; embeddings are gathered, so that every process mines and computes
the loss on the whole batch. The gradient of the loss reaches the weights through the process's own embeddings alone, so
that the sum over processes is the gradient of the loss.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import timedelta

import torch
from torch import Tensor, distributed

TIMEOUT = timedelta(hours=2)


class Processes:
    """This process, number `rank` of `count`; the only one unless torchrun started it."""

    def __init__(self, rank: int = 0, count: int = 1) -> None:
        self.rank = rank
        self.count = count

    @property
    def leads(self) -> bool:
        """Whether this process writes files and log lines."""
        return self.rank == 0

    def share(self, total: int) -> slice:
        """Return the rows, of `total`, that this process computes."""
        return slice(total * self.rank // self.count, total * (self.rank + 1) // self.count)

    def gather(self, part: Tensor, total: int) -> Tensor:
        """Return the parts (n, ...) of all processes as one tensor (total, ...); the gradient reaches the own part."""
        if self.count == 1:
            return part
        shares = [Processes(rank, self.count).share(total) for rank in range(self.count)]
        longest = max(share.stop - share.start for share in shares)
        padded = part.new_zeros(longest, *part.shape[1:])
        padded[: len(part)] = part.detach()
        received = [torch.empty_like(padded) for _ in shares]
        distributed.all_gather(received, padded)
        parts = [rows[: share.stop - share.start] for rows, share in zip(received, shares, strict=True)]
        parts[self.rank] = part
        return torch.cat(parts)

    def sum_gradients(self, parameters: Iterable[Tensor]) -> None:
        """Replace each gradient by its sum over processes."""
        if self.count == 1:
            return
        learning = [parameter for parameter in parameters if parameter.requires_grad]
        gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in learning]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        distributed.all_reduce(flat)
        sizes = [gradient.numel() for gradient in gradients]
        for parameter, gradient, part in zip(learning, gradients, torch.split(flat, sizes), strict=True):
            parameter.grad = gradient.copy_(part.view_as(gradient))

    def any(self, flag: bool, device: str) -> bool:
        """Return whether `flag` is set in any process."""
        if self.count == 1:
            return flag
        flags = torch.tensor([float(flag)], device=device)
        distributed.all_reduce(flags)
        return bool(flags.item())

    def wait(self) -> None:
        """Return once every process has called this."""
        if self.count > 1:
            distributed.barrier()


def first_process() -> bool:
    """Return whether this is the first process of a training, or the only one, before the processes are connected."""
    return os.environ.get("RANK", "0") == "0"


def join_processes(device: str) -> Processes:
    """Connect to the processes that torchrun started, by NCCL on GPUs and Gloo on CPUs."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        return Processes()
    if not distributed.is_initialized():
        distributed.init_process_group("nccl" if device.startswith("cuda") else "gloo", timeout=TIMEOUT)
    return Processes(distributed.get_rank(), count)
