"""`robust-dml schema`: the keys of a study, generated from the typed model."""

from __future__ import annotations

import argparse
import json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --markdown."""
    parser.add_argument("--markdown", action="store_true", help="print docs/study.md instead of the JSON schema")


def run(arguments: argparse.Namespace) -> None:
    """Print the schema or the page."""
    from robust_dml.config import Study
    from robust_dml.config.document import study_markdown

    print(study_markdown() if arguments.markdown else json.dumps(Study.model_json_schema(), indent=2))
