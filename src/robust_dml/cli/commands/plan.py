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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add STUDY."""
    add_study(parser)


def run(arguments: argparse.Namespace) -> None:
    """Print the plan; nothing is read but the study, the table of sources and the recorded speeds."""
    from robust_dml.config import load_study
    from robust_dml.planning.cost import estimate

    study = load_study(arguments.study)
    cost = estimate(study)
    blocks = [_jobs(study, cost), _datasets(cost), _totals(cost), _sources(study)]
    print("\n\n".join("\n".join(block) for block in blocks))


def _jobs(study: Study, cost: Cost) -> list[str]:
    from robust_dml.planning.cost import amount, archive_jobs, data_jobs

    rows: list[Row] = [("job", "count", "GPU hours", "CPU hours")]
    rows += [("download_archive", str(archive_jobs(study)), "-", "-")]
    rows += [(rule, str(count), "-", "-") for rule, count in data_jobs(study).items()]
    for rule, hours in (("train_model", cost.train_hours), ("attack_model", cost.attack_hours)):
        rows += [(rule, str(cost.models), amount(hours["cuda"]), amount(hours["cpu"]))]
    if study.threats:
        rows += [("measure_threat", str(cost.models * len(study.threats)), "-", "-")]
    return _table(rows)


def _datasets(cost: Cost) -> list[str]:
    from robust_dml.planning.cost import amount

    rows: list[Row] = [("dataset", "images", "download GiB", "unpacked GiB", "packed GiB")]
    for name, data in cost.data.items():
        sizes = (data.download_gib, data.unpacked_gib, data.packed_gib)
        rows += [(name, str(data.images or "unknown"), *(amount(size, unknown="unknown") for size in sizes))]
    return _table(rows)


def _totals(cost: Cost) -> list[str]:
    from robust_dml.planning.cost import amount

    unknown = any(math.isnan(data.download_gib) for data in cost.data.values())
    more = " and what is unknown above" if unknown else ""
    return [
        f"downloads: {amount(cost.download_gib)} GiB{more}, of which pre-trained weights {amount(cost.weights_gib)}",
        f"disk:      {amount(cost.disk_gib)} GiB{more}, before results",
        f"hours:     {amount(cost.gpu_hours)} on one GPU, or {amount(cost.cpu_hours)} on the CPU",
    ]


def _sources(study: Study) -> list[str]:
    from robust_dml.planning.cost import used_speeds

    said = ["speeds:"]
    for row in used_speeds(study):
        value = f"{row['device']} {row['what']} {row['precision']}".rstrip()
        said.append(f"  {value}: {row['value']} {row['unit']}; {row['source']}")
    return said


def _table(rows: list[Row]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows]
