"""`robust-dml run`: what the terminal shows of a run, and what it leaves to the logs."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

from repository import RESULTS, environment

COMMAND = (sys.executable, "-m", "robust_dml", "run", "ci", "--cores", "2")
NOISE = re.compile("Reason:|Missing output|python -m robust_dml|jobid")


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command in a checkout, its streams in pipes."""
    return subprocess.run([*COMMAND, *words], cwd=folder, env=environment(), capture_output=True, text=True)


def on_a_terminal(folder: Path) -> str:
    """All that the command writes to a terminal."""
    parent, child = pty.openpty()
    process = subprocess.Popen(COMMAND, cwd=folder, env=environment(), stdout=child, stderr=child)
    os.close(child)
    written = b""
    while True:
        try:
            part = os.read(parent, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        written += part
    assert process.wait() == 0, written
    os.close(parent)
    return written.decode()


def test_in_a_pipe_a_line_per_finished_job_then_the_table(checkout: Path) -> None:
    (checkout / RESULTS / "claims.json").unlink()
    (checkout / RESULTS / "figures/shift.png").unlink()
    ended = run(checkout)
    assert ended.returncode == 0, ended.stderr
    assert re.search(r"^Checking the claims against config/ci.yaml: .* \(\d+ s\)$", ended.stderr, re.MULTILINE)
    assert re.search(r"^Drawing the figure shift of config/ci.yaml: .* \(\d+ s\)$", ended.stderr, re.MULTILINE)
    assert not NOISE.search(ended.stderr)
    assert "robust-anchor" in ended.stdout and f"page     {RESULTS}/report.html" in ended.stdout
    assert (checkout / "logs/ci/snakemake.log").read_text()


def test_on_a_terminal_a_bar_says_how_much_is_left(checkout: Path) -> None:
    (checkout / RESULTS / "claims.json").unlink()
    written = on_a_terminal(checkout)
    assert re.search(r"\[[#.]{30}\] 1 of \d+ jobs, about \d+:\d\d left", written)
    assert "Checking the claims" in written and not NOISE.search(written)


def test_a_failed_job_shows_the_end_of_its_log(checkout: Path) -> None:
    (checkout / "config/claims.yaml").write_text("- {id: a}\n")
    ended = run(checkout)
    assert ended.returncode == 1
    assert "FAILED Checking the claims against config/ci.yaml" in ended.stderr
    assert "    robust-dml: error: config/claims.yaml: claim a: " in ended.stderr
    assert "whole log: logs/ci/check_claims.log" in ended.stderr
    assert ended.stderr.splitlines()[-1].startswith("robust-dml: error: config/ci.yaml: not finished")


def test_verbose_shows_what_snakemake_shows(checkout: Path) -> None:
    (checkout / RESULTS / "claims.json").unlink()
    ended = run(checkout, "--verbose", "--snakemake", "--until", "check_claims")
    assert ended.returncode == 0
    assert "python -m robust_dml claims" in ended.stderr and "Reason:" in ended.stderr
