"""`robust-dml audit`: any encoder on any images, by the standard protocol."""

from __future__ import annotations

import argparse
from pathlib import Path

from robust_dml.cli.arguments import radius


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ENCODER DATA --out FOLDER and how."""
    parser.add_argument(
        "encoder",
        metavar="ENCODER",
        help="module:function, a TorchScript file, an exported program (.pt2), or the folder of a trained model",
    )
    parser.add_argument("data", metavar="DATA", help="a folder of class folders, a CSV file, or STUDY.yaml:DATASET")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where all files of the audit go")
    parser.add_argument("--radii", type=radius, nargs="+", metavar="R", help="in pixels of [0, 1], such as 2/255 8/255")
    parser.add_argument("--norm", choices=["linf", "l2"], default="linf", help="of the perturbation")
    parser.add_argument("--threats", nargs="+", metavar="KIND", help="threats beside the protocol, such as hub edits")
    parser.add_argument("--queries", type=int, metavar="N", help="a random, class-balanced sample of so many queries")
    parser.add_argument("--size", type=int, metavar="PIXELS", help="side of the square that the encoder sees; 224")
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], help="auto is the GPU where there is one")
    parser.add_argument("--batch", type=int, metavar="N", help="queries attacked at a time; from memory if absent")
    parser.add_argument("--name", help="what tables and card call the encoder")
    parser.add_argument("--about", type=Path, metavar="FILE", help="YAML with title, citation, url, licence, reported")
    parser.add_argument("--data-root", type=Path, metavar="FOLDER", help="of prepared images; data/ if absent")


def run(arguments: argparse.Namespace) -> None:
    """Make every file of the audit; a killed one goes on where it stopped."""
    from robust_dml.registry import find_modules_in
    from robust_dml.runtime.process_setup import configure_process

    configure_process()
    find_modules_in(Path.cwd())

    from robust_dml.auditing.audit import run_audit
    from robust_dml.auditing.request import AuditRequest
    from robust_dml.auditing.summary import summary
    from robust_dml.cards.about import read_about

    values = {key: value for key, value in vars(arguments).items() if key in AuditRequest.__dataclass_fields__}
    lists = {"radii": tuple(arguments.radii) if arguments.radii else None, "threats": tuple(arguments.threats or ())}
    request = AuditRequest(**{**values, **lists})
    about = read_about(arguments.about) if arguments.about else None
    run_audit(request, about)
    print(summary(request.out))
