"""Kill a training at random moments and compare the model of the resumed one with that of an uninterrupted one.

    python -m benchmarks.kill_resume --kills 20

Each round starts the training, sends SIGKILL at a moment drawn uniformly over the time that the training takes, from
its start-up to the writing of its results, runs the same command again to its end, and compares the bytes of
model.safetensors. Writes results/bench/kill_resume.json; exits with 1 if any round differs.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

from robust_dml.config import Run, Study, load_study
from robust_dml.config.paths import model_folder
from robust_dml.runtime.files import sha256_of, write_json
from robust_dml.runtime.progress import say

OUTPUT = Path("results/bench/kill_resume.json")
RUN = Run("digits", "triplet", "robust", 0)
STUDY: dict[str, Any] = {
    "name": "kill-resume",
    "device": "cpu",
    "datasets": {
        "digits": {"kind": "digits", "transform": {"size": 8, "resize": 8, "flip": 0.0}, "backbone": "small"},
    },
    "backbones": {"small": {"kind": "convnet", "widths": [8, 16], "embedding": 16}},
    "losses": {"triplet": {"kind": "triplet"}},
    "optimisation": {
        "epochs": 20,
        "learning_rate": 0.001,
        "classes_per_batch": 5,
        "samples_per_class": 18,
        "validate_every": 4,
        "checkpoint": "best-adversarial",
    },
    "trainings": {"robust": {"method": "robust", "perturb": "anchor", "attack": {"epsilon": 0.05, "steps": 3}}},
    "attacks": {"pgd": {"optimiser": "pgd", "epsilon": 0.05, "steps": 3}},
}


def main() -> int:
    """Run the rounds. Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20, help="rounds")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(Path(folder), arguments.kills, random.Random(arguments.seed))
    write_json(OUTPUT, result)
    say(f"{result['identical']} of {arguments.kills} checkpoints are bit-identical; see {OUTPUT}")
    return 0 if result["identical"] == arguments.kills else 1


def measure(folder: Path, kills: int, moments: random.Random) -> dict[str, Any]:
    """Return the rounds, each with its moment and whether the bytes agree."""
    study = prepare(folder)
    started = time.monotonic()
    complete(folder)
    seconds = time.monotonic() - started
    model = folder / model_folder(study.name, RUN) / "model.safetensors"
    expected = sha256_of(model)
    rounds = []
    for number in range(kills):
        model.unlink()
        moment = moments.uniform(0, seconds)
        epochs = killed_after(folder, moment)
        complete(folder)
        rounds.append({"moment": round(moment, 3), "epochs": epochs, "identical": sha256_of(model) == expected})
        say(f"round {number + 1} of {kills}: killed after {moment:.2f} s, {epochs} epochs: {rounds[-1]['identical']}")
    identical = sum(entry["identical"] for entry in rounds)
    return {"seconds": round(seconds, 2), "sha256": expected, "identical": identical, "rounds": rounds}


def prepare(folder: Path) -> Study:
    """Write the study and its data into `folder`."""
    file = folder / "study.yaml"
    file.write_text(yaml.safe_dump(STUDY), encoding="utf-8")
    for command in ("index", "store"):
        subprocess.run([*program(command), "--dataset", RUN.dataset], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return load_study(file)


def program(command: str) -> list[str]:
    """Return a command of robust-dml on the study."""
    return [sys.executable, "-m", "robust_dml", command, "study.yaml"]


def start(folder: Path) -> subprocess.Popen[bytes]:
    """Start the training, its log in train.log."""
    names = ["--dataset", RUN.dataset, "--loss", RUN.loss, "--training", RUN.training, "--seed", str(RUN.seed)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with (folder / "train.log").open("wb") as log:
        return subprocess.Popen([*program("train"), *names], cwd=folder, stderr=log, env=environment)


def complete(folder: Path) -> None:
    """Run the training to its end."""
    if start(folder).wait():
        raise SystemExit((folder / "train.log").read_text(encoding="utf-8"))


def killed_after(folder: Path, seconds: float) -> int:
    """Kill a training after so many seconds; returns the epochs that its state holds."""
    process = start(folder)
    time.sleep(seconds)
    process.kill()
    process.wait()
    return epochs_saved(folder)


def epochs_saved(folder: Path) -> int:
    """Return epochs in the state that a killed training left."""
    from robust_dml.training.state_files import PATTERN, place_of

    return max((place_of(file)[0] for file in (folder / "state").rglob(PATTERN)), default=0)


if __name__ == "__main__":
    sys.exit(main())
