"""The long form of the fault tests, with counts: python -m tests.faults kills --count 50 --seed 1 --minutes 60."""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from faults.kills import Kill

sys.path.insert(0, str(Path(__file__).parents[1]))

KILLS_OF_A_STUDY = 13


def kills(count: int, seed: int, minutes: float) -> dict[str, object]:
    """Kill studies until `count` kills are made or the time is over; return the counts."""
    from faults.killed_study import write_study
    from faults.kills import draw_moments, killed, undisturbed
    from faulty_server import faulty_server

    until, draws = time.monotonic() + 60 * minutes, random.Random(seed)
    made: list[Kill] = []
    mistakes: list[str] = []
    studies, found = 0, counts([], 0, [])
    with tempfile.TemporaryDirectory() as folder, faulty_server() as server:
        write_study(Path(folder, "undisturbed"), server)
        expected, seconds = undisturbed(Path(folder, "undisturbed"))
        while len(made) < count and time.monotonic() < until:
            studies += 1
            write_study(Path(folder, str(studies)), server)
            outcome = killed(Path(folder, str(studies)), draw_moments(KILLS_OF_A_STUDY, draws), seconds)
            made += outcome.kills
            mistakes += outcome.mistakes
            names = outcome.contents.keys() | expected.keys()
            changed = sorted(name for name in names if outcome.contents.get(name) != expected.get(name))
            mistakes += [f"study {studies}: other bytes: {name}" for name in changed]
            found = counts(made, studies, mistakes)
            print(json.dumps(found), file=sys.stderr, flush=True)
    return found


def counts(made: list[Kill], studies: int, mistakes: list[str]) -> dict[str, object]:
    """Return how many kills there were, of which kind, and what went wrong."""
    return {
        "kills": len(made),
        "studies": studies,
        "by signal": Counter(kill.signal for kill in made),
        "by target": Counter(kill.target for kill in made),
        "by job": Counter(job for kill in made for job in kill.jobs or ["no job of the package"]),
        "mistakes": mistakes,
        "all": [asdict(kill) for kill in made],
    }


def main() -> None:
    """Run one kind of fault and print its counts as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["kills", "files"])
    parser.add_argument("--count", type=int, default=50, help="faults to try")
    parser.add_argument("--seed", type=int, default=0, help="of the random faults")
    parser.add_argument("--minutes", type=float, default=120.0, help="after which no further kill is begun")
    arguments = parser.parse_args()
    if arguments.kind == "kills":
        found = kills(arguments.count, arguments.seed, arguments.minutes)
    else:
        from faults.files import fuzz_all

        found = fuzz_all(arguments.count, arguments.seed)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
