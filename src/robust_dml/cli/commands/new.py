"""`robust-dml new`: a first study of your own images."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path

from robust_dml.runtime.errors import UserError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add NAME --images FOLDER."""
    parser.add_argument("name", metavar="NAME", help="of the study, which becomes config/NAME.yaml")
    parser.add_argument(
        "--images", required=True, type=Path, metavar="FOLDER", help="one sub-folder of images per class"
    )


def run(arguments: argparse.Namespace) -> None:
    """Write the study and print how to run it; a file that exists is left alone."""
    from robust_dml.config import load_study
    from robust_dml.planning.starter import study_text, survey
    from robust_dml.runtime.files import write_text

    path = Path("config", f"{arguments.name}.yaml")
    if not re.fullmatch("[a-z0-9][a-z0-9-]*", arguments.name):
        raise UserError(f"{arguments.name}: expected a name of lower-case letters, digits and dashes")
    if path.exists():
        raise UserError(f"{path}: there is a study of this name; choose another, or delete the file")
    found = survey(arguments.images)
    write_text(path, study_text(arguments.name, arguments.images.resolve(), found))
    load_study(path)
    print(f"{path}: {found.images} images of {found.classes} classes, seen at {found.size} pixels")
    print(f"robust-dml plan {arguments.name}      # what it costs")
    print(f"snakemake {_snakefile()}--configfile {path} --cores all")


def _snakefile() -> str:
    """Return the option that names the workflow's Snakefile, if it is not where snakemake looks."""
    file = Path(__file__).parents[4] / "workflow" / "Snakefile"
    return "" if Path("workflow/Snakefile").exists() or not file.exists() else f"--snakefile {shlex.quote(str(file))} "
