"""`robust-dml verify`: run a sample of a card again and say whether it holds."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add CARD, where encoder and images lie, and how large the sample is."""
    parser.add_argument("card", type=Path, metavar="CARD", help="the file of a card")
    parser.add_argument("--encoder", help="where the encoder lies on this machine; as the card says if absent")
    parser.add_argument("--data", help="where the images lie on this machine; as the card says if absent")
    parser.add_argument("--queries", type=int, default=32, metavar="N", help="the size of the random sample")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], help="auto is the GPU where there is one")
    parser.add_argument("--data-root", type=Path, metavar="FOLDER", help="of prepared images; data/ if absent")


def run(arguments: argparse.Namespace) -> None:
    """Print a line per radius; raise UserError if the card is refused or does not hold."""
    from robust_dml.registry import find_modules_in
    from robust_dml.runtime.errors import UserError
    from robust_dml.runtime.process_setup import configure_process

    configure_process()
    find_modules_in(Path.cwd())

    from robust_dml.auditing.verify import verify

    options = {key: value for key, value in vars(arguments).items() if key not in ("card", "run")}
    found = verify(arguments.card, **options)
    for at in found:
        label = f"seed {at.seed}, {f'epsilon {at.epsilon:.4g}' if at.epsilon else 'clean'}"
        print(
            f"{label:<26}{at.queries} queries: {at.broken} right in the card and wrong here, {at.spared} the other way"
        )
    failed = list(dict.fromkeys(f"{at.epsilon:.4g}" for at in found if not at.holds))
    if failed:
        raise UserError(f"{arguments.card}: does not hold at epsilon {', '.join(failed)}; do not trust its numbers")
    print(f"{arguments.card}: holds")
