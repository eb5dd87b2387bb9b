"""`robust-dml completion`: tab completion for a shell."""

from __future__ import annotations

import argparse

# What completes STUDY: the names of the studies in config/, and any YAML file.
STUDIES = {
    "bash": r"""
_robust_dml_studies() {
    compgen -W "$(grep -ls '^name:' config/*.yaml | sed 's|^config/||; s|[.]yaml$||')" -- "$1"
    compgen -f -X '!*.yaml' -- "$1"
    compgen -d -S / -- "$1"
}
""",
    "zsh": r"""
_robust_dml_studies() {
    compadd -- ${(f)"$(grep -ls '^name:' config/*.yaml | sed 's|^config/||; s|[.]yaml$||')"}
    _files -g '*.yaml'
}
""",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add SHELL."""
    parser.add_argument("shell", choices=list(STUDIES), metavar="SHELL", help="the shell that completes: bash or zsh")


def run(arguments: argparse.Namespace) -> None:
    """Print a script for the shell, which completes commands, options, studies and files."""
    import shtab

    from robust_dml.cli.main import COMMANDS, parser_of

    print(shtab.complete(parser_of(COMMANDS), arguments.shell, preamble=STUDIES[arguments.shell]))
