"""Run Snakemake on a study, with its progress on the terminal and everything else in a log."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from robust_dml.runtime.files import write_text

PACKAGES = Path(__file__).parents[2]


def launch(study_file: Path, log: Path, *, cores: str, verbose: bool, more: Sequence[str] = ()) -> int:
    """Run the workflow on a study and return Snakemake's exit status.

    What jobs print goes to `log`, and to the log of each job; the terminal has a line per finished job and a bar. If
    `verbose`, the terminal shows what Snakemake shows by itself. `more` are further words for Snakemake. A first
    Ctrl-C or SIGTERM lets the jobs save.
    """
    command = [sys.executable, "-m", "snakemake", "--configfile", str(study_file), "--cores", cores]
    if not verbose:
        command += ["--logger", "robust-dml", "--logger-robust-dml-study", str(study_file)]
    path = os.pathsep.join(filter(None, [str(PACKAGES), os.environ.get("PYTHONPATH")]))
    with ExitStack() as stack:
        output = None
        if not verbose:
            write_text(log, "")
            output = stack.enter_context(log.open("w", encoding="utf-8"))
        child = subprocess.Popen([*command, *more], stdout=output, env={**os.environ, "PYTHONPATH": path})
        return wait_for(child)


def wait_for(child: subprocess.Popen[bytes]) -> int:
    """Return the exit status of a process; it ends by itself after Ctrl-C, and SIGTERM is handed on to it."""
    before = signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    try:
        while True:
            try:
                return child.wait()
            except KeyboardInterrupt:  # the terminal has sent it to both
                continue
    finally:
        signal.signal(signal.SIGTERM, before)
