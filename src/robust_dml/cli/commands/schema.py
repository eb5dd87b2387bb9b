"""`robust-dml schema`: the JSON schema of a study, generated from the typed model."""

from __future__ import annotations

import argparse
import json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command takes no arguments."""


def run(arguments: argparse.Namespace) -> None:
    """Print the schema."""
    from robust_dml.config import Study

    print(json.dumps(Study.model_json_schema(), indent=2))
