"""Parses the command line, runs one command, and turns every mistake of a user into one line."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Container, Sequence
from importlib import import_module

from robust_dml import __version__
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.suggestion import did_you_mean

# Each command is a module of robust_dml.cli.commands with add_arguments(parser) and run(arguments). Only the one
# that is called is imported, and it imports what is heavy inside run, so that --help stays quick.
COMMANDS = {
    "audit": "measure an encoder of your own, of any library, on images of your own",
    "cards": "write a card for each model of a study that the standard protocol attacked",
    "verify": "run a sample of a card again and say whether it holds",
    "leaderboard": "write a page that compares cards of audits",
    "zoo": "print the models that come with the package, or copy those of a finished study to them",
    "new": "write a first study of your own images",
    "run": "run a whole study, with a line per finished job and the time left",
    "plan": "print jobs, hours, disk and downloads of a study before it runs",
    "download": "fetch and verify the archives of a study's datasets",
    "index": "list the images of a dataset and how they are split",
    "store": "pack the images of a dataset for training and testing",
    "data": "verify the prepared data of a study",
    "train": "train one model",
    "attack": "attack one model",
    "score": "score one attacked model",
    "threat": "measure one threat on one model",
    "collect": "gather the results of all attacks in metrics.csv, or the threats in threats.csv",
    "tables": "make the tables of a study",
    "figures": "draw the figures of a study",
    "claims": "check the claims against the metrics of a study",
    "page": "write the report of a study as one HTML file",
    "notebook": "run a notebook on a study, into one HTML file",
    "paper-tables": "bundle the tables and figures of a study for a LaTeX paper",
    "headlines": "write a study's ten headline numbers and two curves, for DVC",
    "summary": "print natural against robust, and where the figures lie",
    "record": "keep the numbers of a finished run in records/<study>, for git",
    "compare": "compare a run with the numbers of record, within their intervals",
    "status": "say what of a study is done, running and left",
    "digests": "write what each stage of a study depends on, for DVC",
    "list": "print the names that a study may use, with their options",
    "schema": "print the JSON schema of a study",
    "completion": "print a script that completes words of this command line in a shell",
    "check-device": "stop with one line if the study's device is missing",
}

NO_MEMORY = ("out of memory", "can't allocate memory", "unable to allocate", "unable to mmap", "Cannot allocate memory")
LESS_MEMORY = "lower evaluation.batch or classes_per_batch, or run fewer jobs at a time"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit status: 0, 1 for a mistake of the user, 130 for an interrupt."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        arguments = _arguments(words)
        arguments.run(arguments)
        sys.stdout.flush()
    except UserError as error:
        print(f"robust-dml: error: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print("robust-dml: interrupted; the same command goes on from what is saved", file=sys.stderr)
        return 130
    except OSError as error:
        if error.filename is None and error.errno is None:
            raise
        place = f"{error.filename}: " if error.filename else ""
        print(f"robust-dml: error: {place}{error.strerror}", file=sys.stderr)
        return 1
    except (MemoryError, RuntimeError) as error:
        if not _lacks_memory(error):
            raise
        print(f"robust-dml: error: not enough memory: {_first_line(error)}; {LESS_MEMORY}", file=sys.stderr)
        return 1
    return 0


def _lacks_memory(error: Exception) -> bool:
    """Whether an allocation failed; torch says so by a RuntimeError of its own."""
    return isinstance(error, MemoryError) or any(words in str(error) for words in NO_MEMORY)


def _first_line(error: Exception) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)


def _arguments(words: list[str]) -> argparse.Namespace:
    """Parse the words. Raises UserError for a command that does not exist; argparse would print all that do."""
    command = words[0] if words else ""
    if command and not command.startswith("-") and command not in COMMANDS:
        raise UserError(f"no such command: {command}{did_you_mean(command, COMMANDS)}; robust-dml --help lists them")
    return parser_of([command]).parse_args(words)


def parser_of(called: Container[str]) -> argparse.ArgumentParser:
    """Return the parser of all commands, with the arguments of those that are called."""
    parser = argparse.ArgumentParser(prog="robust-dml", description="Robustness of deep metric learning.")
    parser.add_argument("--version", action="version", version=f"robust-dml {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary)
        if name in called:
            module = import_module(f"robust_dml.cli.commands.{name.replace('-', '_')}")
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    return parser
