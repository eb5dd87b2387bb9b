"""Lines and a bar, on a terminal and in a log."""

from __future__ import annotations

import io

import pytest

from robust_dml.runtime.progress import ERASE, Bar, clock


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_the_bar_stays_below_the_lines() -> None:
    stream = Terminal()
    bar = Bar(stream)
    bar.show(1, 4, 90)
    bar.line("one job")
    bar.show(4, 4, 0)
    bar.close()
    first, last = "[#######.......................] 1 of 4 jobs, about 1:30 left", f"[{'#' * 30}] 4 of 4 jobs"
    assert stream.getvalue() == f"{ERASE}{first}{ERASE}one job\n{first}{ERASE}{last}{ERASE}"


def test_in_a_log_there_are_whole_lines_alone() -> None:
    stream = io.StringIO()
    bar = Bar(stream)
    bar.show(1, 4, 90)  # too soon after the start to say anything
    bar.line("one job")
    bar.line("")
    bar.show(4, 4, 0)
    bar.close()
    assert stream.getvalue() == "one job\n4 of 4 jobs\n"


def test_nothing_is_shown_before_the_jobs_are_counted() -> None:
    stream = Terminal()
    Bar(stream).show(0, 0, None)
    assert stream.getvalue() == ""


@pytest.mark.parametrize(("seconds", "shown"), [(0, "0:00"), (187.4, "3:07"), (-3, "0:00"), (7500, "2 h 05")])
def test_durations(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown
