"""`robust-dml status`: how far a study has come."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from robust_dml.cli.arguments import add_study

if TYPE_CHECKING:
    from robust_dml.planning.status import Status


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add STUDY --jobs N --list."""
    add_study(parser)
    parser.add_argument(
        "--jobs", type=int, default=0, metavar="N", help="estimate for N at a time; as run now if absent"
    )
    parser.add_argument("--list", action="store_true", help="name every job that is left")


def run(arguments: argparse.Namespace) -> None:
    """Print what is done, running and left, and an estimate of the time."""
    from robust_dml.config import load_study
    from robust_dml.planning.status import status

    study = load_study(arguments.study)
    found = status(study)
    print(f"{study.name}: {study.title}" if study.title else study.name)
    print("\n".join(_counts(found)))
    for job in found.jobs:
        if job.condition in ("running", "stopped"):
            print(f"{job.condition:<9} {job.name}, {100 * job.share:.0f} % done")
        elif arguments.list and job.condition != "done":
            print(f"{job.condition:<9} {job.name}")
    print(_estimate(found, arguments.jobs))


def _counts(found: Status) -> list[str]:
    from robust_dml.planning.status import CONDITIONS, STAGES

    lines = [" " * 8 + "".join(f"{condition:>10}" for condition in CONDITIONS)]
    for stage in STAGES:
        lines.append(f"{stage:<8}" + "".join(f"{found.count(stage, condition):>10}" for condition in CONDITIONS))
    for name, (done, total) in (("data", found.data), ("report", found.report)):
        lines.append(f"{name:<8}{done:>10} of {total} files")
    return lines


def _estimate(found: Status, jobs: int) -> str:
    from robust_dml.report.labels import duration

    if not found.left:
        return "nothing is left to train or attack"
    seconds, unknown = found.seconds_left()
    at_once = jobs or max(1, sum(job.condition == "running" for job in found.jobs))
    known = len(found.left) - unknown
    parts = [f"about {duration(seconds / at_once)} left, {at_once} at a time, by recorded runs"] if known else []
    if unknown:
        parts.append(f"{unknown} of {len(found.left)} jobs left have no recorded run like them")
    return "; ".join(parts)
