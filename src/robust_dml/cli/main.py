"""Parses the command line, runs one command, and turns every mistake of a user into one line."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from robust_dml import __version__
from robust_dml.errors import UserError

# A command is a module of robust_dml.cli.commands with HELP, add_arguments(parser) and run(arguments);
# it imports what is heavy inside run, so that --help stays quick.
COMMANDS = ("download", "index", "store", "data", "train", "attack", "collect", "schema", "check-device")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit status: 0, 1 for a mistake of the user, 130 for an interrupt."""
    arguments = _parser().parse_args(argv)
    try:
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
        print(f"robust-dml: error: {error.filename or 'a file'}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="robust-dml", description="Robustness of deep metric learning.")
    parser.add_argument("--version", action="version", version=f"robust-dml {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in COMMANDS:
        module = import_module(f"robust_dml.cli.commands.{name.replace('-', '_')}")
        command = commands.add_parser(name, help=module.HELP, description=module.HELP)
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return parser
