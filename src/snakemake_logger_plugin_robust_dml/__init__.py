"""Snakemake's `--logger robust-dml`: a line per finished job, and a bar with the time left, on standard error.

Snakemake finds a logger by the name of its module (snakemake-interface-logger-plugins), so this one is outside the
package. On a terminal the bar stays below the lines; elsewhere each line says how much is left.
"""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass, field
from pathlib import Path

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.settings import LogHandlerSettingsBase


@dataclass
class LogHandlerSettings(LogHandlerSettingsBase):
    """The option --logger-robust-dml-study of the command line."""

    study: Path | None = field(default=None, metadata={"help": "the study's YAML, for the time left", "type": Path})


class LogHandler(LogHandlerBase):
    """Prints what `Jobs` says of each event."""

    writes_to_stream = True
    writes_to_file = False
    has_filter = True
    has_formatter = True
    needs_rulegraph = False

    def __post_init__(self) -> None:
        # Snakemake imports every logger at its start, before the Snakefile says which checkout's package plans.
        from robust_dml.planning.jobs import Jobs
        from robust_dml.runtime.progress import Bar

        assert isinstance(self.settings, LogHandlerSettings)
        self.jobs = Jobs(self.settings.study)
        self.bar = Bar(sys.stderr)

    def emit(self, record: logging.LogRecord) -> None:
        """Print a line for a finished or a failed job, and for a message of a mistake."""
        event, given = getattr(record, "event", None), vars(record)
        if event == LogEvent.RUN_INFO:
            self.jobs.plan(given["stats"])
        elif event == LogEvent.RESOURCES_INFO and given.get("cores"):
            self.jobs.cores = given["cores"]
        elif event == LogEvent.JOB_INFO:
            self.jobs.describe(given["jobid"], given["rule_name"], given["rule_msg"], given["log"])
        elif event == LogEvent.JOB_STARTED:
            self.jobs.start(given["jobs"])
        elif event == LogEvent.JOB_FINISHED:
            self.bar.line(self.jobs.finish(given["job_id"]))
        elif event == LogEvent.JOB_ERROR:
            self.bar.line(self.jobs.fail(given["jobid"]))
        elif event == LogEvent.ERROR or (event is None and record.levelno >= logging.WARNING):
            self.bar.line(record.getMessage())
        self.bar.show(self.jobs.done, self.jobs.total, self.jobs.left())

    def close(self) -> None:
        """Take the bar away."""
        self.bar.close()
        super().close()
