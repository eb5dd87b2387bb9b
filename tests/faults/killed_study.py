"""The study that is killed: the ci study and photographs that come slowly from a server. What must be whole in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import yaml

from checkout import copy_checkout
from faulty_server import FaultyServer
from miniatures import archive, cub_files, source, tgz

RESULTS = Path("results/ci")
ARCHIVE = "CUB_200_2011.tgz"
BIRDS = {
    "kind": "cub200",
    "split": "sorted",
    "backbone": "tiny",
    "trainings": ["natural"],
    "transform": {"size": 8, "resize": 8, "train_side": 8},
    "optimisation": {"classes_per_batch": 2, "samples_per_class": 3},
}
SAME = (
    "metrics.csv",
    "metrics.csv.sha256",
    "metrics.json",
    "claims.json",
    "data/*.csv",
    "tables/*",
    "figures/*.png",
    "models/**/model.safetensors",
    "attacks/**/examples.npz",
)
"""Results that depend on no clock."""
ENDS = {
    ".csv": b"\n",
    ".sha256": b"\n",
    ".html": b">\n",
    ".json": b"}\n",
    ".pdf": b"%%EOF\n",
    ".png": b"IEND\xaeB`\x82",
    ".tex": b"\n",
}
"""The last bytes of a whole file."""


def write_study(folder: Path, server: FaultyServer | None = None) -> None:
    """Write a checkout with the ci study into `folder`; with the photographs of a server if there is one."""
    folder.mkdir(parents=True)
    copy_checkout(folder)
    if server is None:
        return
    ballast = {"CUB_200_2011/ballast": np.random.default_rng(0).bytes(4_000_000)}
    content = tgz({**ballast, **cub_files(images=6)})
    mirror = server.serve(ARCHIVE, content, "slow", forever=True)
    sources = {"cub200": source(24, 4, original=[archive(ARCHIVE, content, mirror)])}
    (folder / "config/birds.yaml").write_text(yaml.safe_dump(sources))
    study = yaml.safe_load((folder / "config/ci.yaml").read_text())
    study["datasets"]["birds"] = BIRDS
    (folder / "config/ci.yaml").write_text(yaml.safe_dump({**study, "sources": "config/birds.yaml"}))


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of the results that depend on no clock."""
    found = sorted(path for pattern in SAME for path in (folder / RESULTS).glob(pattern))
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def half_files(folder: Path) -> Iterator[Path]:
    """Yield files under their final names that are not whole; a lock file is empty, and its lock ended with the job."""
    for path in [*(folder / "data").rglob("*"), *(folder / RESULTS).rglob("*")]:
        if path.is_file() and path.suffix != ".lock" and not _whole(path):
            yield path


def _whole(path: Path) -> bool:
    content = path.read_bytes()
    if path.suffix == ".safetensors":
        return len(content) > 8 and len(content) > 8 + int.from_bytes(content[:8], "little")
    if path.suffix == ".npz":
        return b"PK\x05\x06" in content[-22:]
    return bool(content) and content.endswith(ENDS.get(path.suffix, b""))


def made_again(logs: list[str]) -> set[str]:
    """Return the jobs that a call of Snakemake began although an earlier call had finished them."""
    finished: set[str] = set()
    again: set[str] = set()
    for log in logs:
        begun = dict(re.findall(r"^Job (\d+): (.+)$", log, re.MULTILINE))
        again |= finished & set(begun.values())
        ended = re.findall(r"^Finished jobid: (\d+) ", log, re.MULTILINE)
        finished |= {begun[number] for number in ended if number in begun}
    return again
