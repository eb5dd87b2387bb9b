"""`robust-dml list`: the names that a study may use, with their options."""

from __future__ import annotations

import argparse
from typing import Any


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add [KIND]."""
    parser.add_argument("kind", nargs="?", metavar="KIND", help="one of the kinds, such as optimiser; all if absent")


def run(arguments: argparse.Namespace) -> None:
    """Print each kind with its names, one line each: summary and options."""
    from robust_dml.records import REGISTRIES
    from robust_dml.runtime.errors import UserError
    from robust_dml.runtime.suggestion import did_you_mean

    kinds = {registry.what: registry for registry in REGISTRIES}
    if arguments.kind is not None and arguments.kind not in kinds:
        meant = did_you_mean(arguments.kind, kinds)
        raise UserError(f"no such kind: {arguments.kind}{meant}; known are {', '.join(kinds)}")
    for kind in [arguments.kind] if arguments.kind else kinds:
        print(f"{kind}:")
        for name in kinds[kind].names:
            print(f"  {name:<26}{_line(kinds[kind].load(name))}")


def _line(record: Any) -> str:
    summary = getattr(record, "summary", None) or record.title
    options = getattr(record, "options", None)
    described = [_option(name, field) for name, field in options.model_fields.items()] if options else []
    return f"{summary}; options: {', '.join(described)}" if described else summary


def _option(name: str, field: Any) -> str:
    return name if field.is_required() else f"{name} = {field.get_default(call_default_factory=True)}"
