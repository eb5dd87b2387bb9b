"""The tests of tests/gpu on the device, by pytest in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

from benchmarks.gpu.size import Size
from benchmarks.row import Row, figures

ROOT = Path(__file__).parents[2]
DEVICE = "ROBUST_DML_DEVICE"


def rows(size: Size) -> Iterator[Row]:
    """Yield one row: how many tests passed, and the names of those that did not."""
    with TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junit-xml={report}", "tests/gpu"]
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, DEVICE: size.device}, capture_output=True, text=True
        )
        if not report.exists():
            raise RuntimeError((done.stderr + done.stdout)[-2000:])
        yield row_of(report, size.device)


def row_of(report: Path, device: str) -> Row:
    """Return the row of a report of pytest."""
    cases = list(ElementTree.parse(report).iter("testcase"))
    failed = [
        case.get("name", "") for case in cases if any(case.find(kind) is not None for kind in ("failure", "error"))
    ]
    skipped = {
        case.get("name", ""): found.get("message", "") for case in cases if (found := case.find("skipped")) is not None
    }
    passed = len(cases) - len(failed) - len(skipped)
    values = {"passed": passed, "failed": ", ".join(failed) or "none"}
    values |= {f"skipped {name}": why for name, why in skipped.items()}
    return figures(f"tests/gpu on {device}", values, goal="none fails", met=passed > 0 and not failed)
