"""A killed evaluation goes on at its last finished block and ends in the same bytes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from evaluation.conftest import MODEL, MakeStudy
from robust_dml.config.paths import STATE, attack_folder
from robust_dml.evaluation import evaluate
from robust_dml.evaluation.attacking import Attack
from robust_dml.evaluation.blocks import Arrays, Blocks

SMALL_BLOCKS = {"batch": 100, "block": 200, "check_queries": 20}

LIGHT = """
import sys
from robust_dml.cli.main import main
assert main(sys.argv[1:]) == 0
heavy = {"torchvision", "pytorch_metric_learning", "sklearn", "pandas", "matplotlib", "scipy"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""


def contents(folder: Path) -> dict[str, bytes]:
    """The bytes of each result; not of run.json, which says when and how fast."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "run.json"}


@pytest.mark.parametrize("calls_before_the_kill", [1, 12, 29])
def test_interrupted_anywhere(
    make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch, calls_before_the_kill: int
) -> None:
    study = make_study(evaluation=SMALL_BLOCKS)
    calls: list[int] = []
    whole = Attack.__call__

    def counted(self: Attack, positions: np.ndarray) -> Arrays:
        calls.append(len(positions))
        if len(calls) == limit:
            raise KeyboardInterrupt
        return whole(self, positions)

    limit = 0
    monkeypatch.setattr(Attack, "__call__", counted)
    evaluate(study, MODEL)
    uninterrupted, total = contents(attack_folder(study.name, MODEL)), len(calls)
    shutil.rmtree(attack_folder(study.name, MODEL))
    calls.clear()
    limit = calls_before_the_kill
    with pytest.raises(KeyboardInterrupt):
        evaluate(study, MODEL)
    done = sum(1 for _ in STATE.rglob("block-*.npz"))
    limit = 0
    evaluate(study, MODEL)
    assert contents(attack_folder(study.name, MODEL)) == uninterrupted
    again = len(calls) - calls_before_the_kill
    assert again < total or done == 0
    assert again <= total - calls_before_the_kill + 2  # at most the batches of one unfinished block are worked again


def test_killed_process(make_study: MakeStudy) -> None:
    attacks = {"pgd": {"optimiser": "pgd", "epsilon": 0.05, "steps": 10}}
    study = make_study(attacks=attacks, evaluation={**SMALL_BLOCKS, "check_queries": 0}, report={"examples": 2})
    words = ["attack", "study.yaml", "--dataset", "digits", "--loss", "triplet", "--training", "natural", "--seed", "0"]
    command = [sys.executable, "-m", "robust_dml", *words]
    environment = {**os.environ, "GIT_DIR": "absent"}  # the revision must not change while the test runs
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    while process.poll() is None and not list(STATE.rglob("block-00002.npz")):
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (attack_folder(study.name, MODEL) / "checks.json").exists()
    subprocess.run(command, env=environment, check=True, stderr=subprocess.DEVNULL)
    resumed = contents(attack_folder(study.name, MODEL))
    shutil.rmtree(attack_folder(study.name, MODEL))
    subprocess.run([sys.executable, "-c", LIGHT, *words], env=environment, check=True, stderr=subprocess.DEVNULL)
    assert contents(attack_folder(study.name, MODEL)) == resumed


def test_blocks_join_in_order_and_are_not_worked_twice(tmp_path: Path) -> None:
    seen: list[list[int]] = []

    def work(positions: np.ndarray) -> Arrays:
        seen.append(positions.tolist())
        return {"square": positions**2}

    positions = np.array([3, 5, 6, 8, 9, 11, 20])
    for _ in range(2):
        found = Blocks(block=4, batch=3).run(work, positions, tmp_path, title="squares")
        assert found["square"].tolist() == (positions**2).tolist()
        assert found["seconds"].shape == (2,)
    assert seen == [[3, 5, 6], [8], [9, 11, 20]]
