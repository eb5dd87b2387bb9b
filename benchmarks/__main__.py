"""Compare the speed of our code with the released code: python -m benchmarks [--quick] [--only ROW ...].

Writes results/bench/<row>.json (results/bench/quick/ with --quick, in under three minutes) and prints a table.
"""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

from benchmarks.record import record
from benchmarks.table import HEAD, line
from robust_dml.runtime.files import write_json
from robust_dml.runtime.progress import say

OUTPUT = Path("results/bench")
QUICK = (
    "robust_step",
    "small_step",
    "defences",
    "mining",
    "metrics",
    "batches",
    "attack_evaluation",
    "certificate",
    "start_up",
    "busy_neighbour",
    "gpu",
)
ROWS = (*QUICK, "standard", "pgd_iteration", "step_profile", "scale", "synthetic_sop", "cub_epoch", "demo")


def main() -> None:
    """Measure row after row, so that an interrupted run keeps its finished rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="smaller sizes, fewer rounds; the longest rows left out")
    parser.add_argument("--only", nargs="+", choices=ROWS, metavar="ROW", help=", ".join(ROWS))
    arguments = parser.parse_args()
    folder = OUTPUT / "quick" if arguments.quick else OUTPUT
    print(HEAD, flush=True)
    for name in arguments.only or (QUICK if arguments.quick else ROWS):
        say(f"measuring: {name}")
        found = record(import_module(f"benchmarks.rows.{name}").rows(arguments.quick))
        write_json(folder / f"{name}.json", found)
        for row in found["rows"]:
            print(line(row), flush=True)


if __name__ == "__main__":
    main()
