"""`robust-dml plan`: jobs, hours, disk and downloads of a study before it runs."""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING

from robust_dml.cli.arguments import add_study

if TYPE_CHECKING:
    from robust_dml.config import Study
    from robust_dml.planning.cost import Cost

Row = tuple[str, ...]

PRECISIONS = ("fp32", "tf32", "bf16")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add STUDY, --gpu and --precision."""
    add_study(parser)
    parser.add_argument("--gpu", metavar="NAME", help="hours on this GPU alone, such as a100; else the range over GPUs")
    parser.add_argument("--precision", choices=PRECISIONS, help="of the training, instead of the study's")


def run(arguments: argparse.Namespace) -> None:
    """Print the plan, from the study, the table of sources and recorded speeds; and what is done, from the results."""
    from robust_dml.config import load_study
    from robust_dml.planning.cost import estimate, in_precision
    from robust_dml.planning.speeds import require_gpu

    if arguments.gpu:
        require_gpu(arguments.gpu)
    study = load_study(arguments.study)
    if arguments.precision:
        study = in_precision(study, arguments.precision)
    cost = estimate(study, arguments.gpu)
    blocks = [_jobs(study, cost), _datasets(cost), _totals(cost), _sources(study, arguments.gpu)]
    print("\n\n".join("\n".join(block) for block in blocks))


def _jobs(study: Study, cost: Cost) -> list[str]:
    from robust_dml.planning.cost import archive_jobs, data_jobs, gpu_range, hours_or_minutes
    from robust_dml.planning.status import finished

    unknown, cpu = ("-", "-"), cost.cpu_hours
    rows = {"download_archive": (archive_jobs(study), *unknown)}
    rows |= {rule: (count, *unknown) for rule, count in data_jobs(study).items()}
    rows["train_model"] = (cost.models, gpu_range(cost, lambda h: h.train), hours_or_minutes(cpu.train))
    rows["attack_model"] = (cost.models, gpu_range(cost, lambda h: h.attack), hours_or_minutes(cpu.attack))
    if study.threats:
        rows["measure_threat"] = (cost.models * len(study.threats), *unknown)
    done = finished(study)
    lines = [(rule, str(count), *hours, str(done[rule])) for rule, (count, *hours) in rows.items()]
    return _table([("job", "count", "GPU hours", "CPU hours", "done"), *lines])


def _datasets(cost: Cost) -> list[str]:
    from robust_dml.planning.cost import amount

    rows: list[Row] = [("dataset", "images", "download GiB", "unpacked GiB", "packed GiB")]
    for name, data in cost.data.items():
        sizes = (data.download_gib, data.unpacked_gib, data.packed_gib)
        rows += [(name, str(data.images or "unknown"), *(amount(size, unknown="unknown") for size in sizes))]
    return _table(rows)


def _totals(cost: Cost) -> list[str]:
    from robust_dml.planning.cost import amount, gpu_range, hours_or_minutes

    on_cpu, at_most_on_cpu = (hours_or_minutes(h) for h in (cost.cpu_hours.total, cost.cpu_hours.at_most))
    unknown = any(math.isnan(data.download_gib) for data in cost.data.values())
    more = " and what is unknown above" if unknown else ""
    lines = [
        f"downloads: {amount(cost.download_gib)} GiB{more}, of which pre-trained weights {amount(cost.weights_gib)}",
        f"disk:      {amount(cost.disk_gib)} GiB{more}, before results",
        f"hours:     {gpu_range(cost, lambda h: h.total)} on one GPU, or {on_cpu} on the CPU",
    ]
    if any(hours.at_most > hours.total for hours in cost.hours.values()):
        at_most = gpu_range(cost, lambda h: h.at_most)
        lines += [
            f"           at most {at_most} on one GPU, or {at_most_on_cpu} on the CPU, if no attack breaks any query"
        ]
    return lines


def _sources(study: Study, gpu: str | None) -> list[str]:
    from robust_dml.planning.cost import assumptions, used_speeds

    said = ["speeds:"]
    for row in used_speeds(study, gpu):
        value = f"{row['device']} {row['what']} {row['precision']}".rstrip()
        said.append(f"  {value}: {row['value']} {row['unit']}; {row['source']}")
    return [*said, "assumed:", *(f"  {line}" for line in assumptions(study))]


def _table(rows: list[Row]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows]
