"""`robust-dml check-device`: says before the first download that a study needs a GPU which is not there."""

from __future__ import annotations

import argparse

from robust_dml.cli.arguments import add_study


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add STUDY."""
    add_study(parser)


def run(arguments: argparse.Namespace) -> None:
    """Raise UserError, with what the study would cost, if it wants a GPU and there is none."""
    from robust_dml.config import load_study
    from robust_dml.planning.cost import amount, estimate, gpu_range
    from robust_dml.runtime.errors import UserError
    from robust_dml.runtime.hardware import pick_device

    study = load_study(arguments.study)
    if study.device != "cuda":
        return
    try:
        pick_device(study.device)
    except UserError as error:
        cost = estimate(study)
        on_a_gpu = gpu_range(cost, lambda hours: hours.total)
        raise UserError(
            f"{arguments.study}: no GPU here; the study trains {cost.models} models, downloads"
            f" {amount(cost.download_gib)} GiB and takes hours: {on_a_gpu} on one GPU,"
            f" {amount(cost.cpu_hours.total)} on a CPU;"
            f" `make demo` shows the same in minutes; to insist, set `device: cpu` in {arguments.study}"
        ) from error
