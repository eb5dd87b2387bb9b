"""Everything that a GPU can show in under nine minutes: `make gpu`, or python -m benchmarks.gpu.

Runs the parts of parts.py one after another, each in a process of its own with a limit of seconds; prints a table, what
fell short of its goal and what did not run, and writes results/gpu/<part>.json. Ends with status 1 if a test failed or
a part did not run.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.gpu.parts import BUDGET, NEEDED, PARTS, Part, missing

OUTPUT = Path("results/gpu")
LAST_LINES = 3


@dataclass
class Report:
    """What the parts found: their rows, and why others have none."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    not_run: list[str] = field(default_factory=list)

    @property
    def short(self) -> list[str]:
        """The rows that missed their goal."""
        return [f"{row['what']}: {row['goal']}" for row in self.rows if row.get("met") is False]


def main(words: Sequence[str] | None = None) -> int:
    """Run the parts; return the status."""
    arguments = _arguments(words)
    reason = unable(arguments.device)
    if reason:
        print(f"make gpu: {reason}", file=sys.stderr)
        return 1
    from benchmarks.table import HEAD, line

    report, ends = Report(), time.monotonic() + arguments.budget
    print(HEAD, flush=True)
    for part in PARTS:
        if part.name in (arguments.only or [part.name]):
            before = len(report.rows)
            run_part(part, arguments, ends - time.monotonic(), report)
            print(*(line(row) for row in report.rows[before:]), sep="\n", flush=True)
    print(*_closing(report), sep="\n")
    tests_failed = any(row.get("met") is False for row in report.rows if row["what"].startswith("tests/gpu"))
    return int(bool(report.not_run) or tests_failed)


def unable(device: str) -> str:
    """Return why no part can run here, in one line; empty if they can."""
    lacking = missing(NEEDED)
    if lacking:
        return f"{sys.executable} lacks {', '.join(lacking)}; run `make setup`, or install them beside torch"
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        return (
            f"torch {torch.__version__} finds no GPU; `python -m benchmarks.gpu --device cpu --tiny` runs the same code"
        )
    return ""


def run_part(part: Part, arguments: argparse.Namespace, left: float, report: Report) -> None:
    """Run a part within its limit and what is left of the whole; add its rows, or why there are none, to the report."""
    lacking, limit = part.missing(), min(part.limit, left)
    if lacking:
        report.not_run.append(f"{part.name}: needs {', '.join(lacking)}")
        return
    if limit <= 0:
        report.not_run.append(f"{part.name}: no time left of {arguments.budget:g} s")
        return
    file = arguments.output / f"{part.name}.json"
    file.unlink(missing_ok=True)
    words = [sys.executable, "-m", "benchmarks.gpu.part", part.name, str(file), "--device", arguments.device]
    try:
        done = subprocess.run(
            [*words, *(["--tiny"] if arguments.tiny else [])], capture_output=True, text=True, timeout=limit
        )
    except subprocess.TimeoutExpired:
        report.not_run.append(f"{part.name}: took longer than {limit:.0f} s and was stopped")
        return
    if done.returncode or not file.exists():
        report.not_run.append(f"{part.name}: failed: {' / '.join(done.stderr.strip().splitlines()[-LAST_LINES:])}")
        return
    report.rows += json.loads(file.read_text(encoding="utf-8"))["rows"]


def _closing(report: Report) -> list[str]:
    said = [f"\n{len(report.rows)} rows"]
    said += ["\nfell short of its goal:", *(f"  {text}" for text in report.short)] if report.short else []
    said += ["\ndid not run:", *(f"  {text}" for text in report.not_run)] if report.not_run else []
    return said


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument(
        "--tiny", action="store_true", help="sizes of seconds, to prove every path; its speeds mean nothing"
    )
    parser.add_argument("--only", nargs="+", choices=[part.name for part in PARTS], metavar="PART")
    parser.add_argument("--budget", type=float, default=BUDGET, help="seconds of all parts together")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="folder of the records")
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main())
