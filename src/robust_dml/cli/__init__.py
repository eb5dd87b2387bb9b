"""The command line: `robust-dml COMMAND STUDY ...`."""

from robust_dml.cli.main import main

__all__ = ["main"]
