"""Write recall@1 of metrics.csv as nested JSON, the mean over seeds, which `dvc metrics diff` compares."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from statistics import fmean
from typing import Any

METRIC, PROTOCOL = "recall@1", "masked"


def nested(rows: list[dict[str, str]]) -> dict[str, Any]:
    """Return dataset -> loss -> training -> attack-epsilon -> mean recall@1, in the order of the rows."""
    values: dict[tuple[str, ...], list[float]] = {}
    for row in rows:
        if (row["metric"], row["protocol"]) == (METRIC, PROTOCOL):
            attack = "clean" if row["attack"] == "none" else f"{row['attack']}-{float(row['epsilon']):g}"
            key = (row["dataset"], row["loss"], row["training"], attack)
            values.setdefault(key, []).append(float(row["value"]))
    tree: dict[str, Any] = {}
    for (*path, attack), found in values.items():
        branch = tree
        for name in path:
            branch = branch.setdefault(name, {})
        branch[attack] = round(fmean(found), 6)
    return tree


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:])
    with source.open(encoding="utf-8", newline="") as stream:
        tree = nested(list(csv.DictReader(stream)))
    target.write_text(json.dumps({METRIC: tree}, indent=2) + "\n", encoding="utf-8")
