"""Few functions lie between a setting and its effect: counted on the calls of a tiny study, in this process.

A chain is the shortest way along calls from one function to another: up to callers, which a value reaches by `return`,
then down to functions that they call, which it reaches as an argument. Only functions of robust_dml count, lambdas and
properties among them; comprehensions belong to the function around them. Where a value goes through a file, the chain
ends at the function that writes it and goes on at the function that reads it.
"""

from __future__ import annotations

import re
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

import pytest
import yaml

import robust_dml
from checkout import ROOT
from robust_dml.cli.main import main

PACKAGE = Path(robust_dml.__file__).parent
TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
INNER = ("<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>", "<module>")


class Function(NamedTuple):
    """A function of the package: its file and its qualified name."""

    file: str
    name: str


class Calls:
    """Who calls whom within robust_dml."""

    def __init__(self) -> None:
        self.callers: dict[Function, set[Function]] = {}
        self.callees: dict[Function, set[Function]] = {}

    @contextmanager
    def recorded(self) -> Iterator[None]:
        """Record the calls of a with block."""
        sys.setprofile(self._note)
        try:
            yield
        finally:
            sys.setprofile(None)

    def _note(self, frame: FrameType, event: str, argument: Any) -> None:
        callee = function_of(frame.f_code) if event == "call" else None
        caller = caller_of(frame) if callee else None
        if callee and caller and caller != callee:
            self.callers.setdefault(callee, set()).add(caller)
            self.callees.setdefault(caller, set()).add(callee)

    def chain(self, start: str, end: str) -> list[Function]:
        """The shortest chain between two functions that are named like `evaluation/attack.py:attack_model`."""
        first, last = self.function(start), self.function(end)
        before: dict[tuple[Function, str], tuple[Function, str] | None] = {(first, "up"): None}
        waiting = deque(before)
        while waiting:
            state = waiting.popleft()
            if state[0] == last:
                break
            up = [(caller, "up") for caller in sorted(self.callers.get(state[0], ()))] if state[1] == "up" else []
            for following in (*up, *((callee, "down") for callee in sorted(self.callees.get(state[0], ())))):
                if following not in before:
                    before[following] = state
                    waiting.append(following)
        else:
            raise AssertionError(f"no calls lead from {start} to {end}")
        found = [state]
        while (previous := before[found[-1]]) is not None:
            found.append(previous)
        return [function for function, _ in reversed(found)]

    def function(self, name: str) -> Function:
        """The recorded function of a name. Fails if it was not called."""
        function = Function(*name.split(":"))
        assert function in self.callers or function in self.callees, f"{name} was not called"
        return function


@cache
def function_of(code: CodeType) -> Function | None:
    """The package's function that some code is part of; None for other code."""
    path = Path(code.co_filename)
    if code.co_name in INNER or not path.is_relative_to(PACKAGE):
        return None
    return Function(path.relative_to(PACKAGE).as_posix(), code.co_qualname.replace(".<locals>", ""))


def caller_of(frame: FrameType) -> Function | None:
    """The nearest function of the package on the stack above a frame."""
    above = frame.f_back
    while above is not None:
        function = function_of(above.f_code)
        if function:
            return function
        above = above.f_back
    return None


def names(chain: list[Function]) -> list[str]:
    return [f"{function.file}:{function.name}" for function in chain]


def require(chain: list[Function], *, functions: int, files: int, row: str) -> None:
    """Hold a chain against its bound, and against what docs/architecture.md says of it."""
    distinct = list(dict.fromkeys(chain))
    of_files = len({function.file for function in distinct})
    found = re.search(rf"^\| {row} \|.*\| (\d+) \| (\d+) \|$", TEXT, flags=re.MULTILINE)
    assert found is not None, f"docs/architecture.md has no row {row!r}"
    assert len(distinct) <= functions and of_files <= files, names(distinct)
    assert (int(found[1]), int(found[2])) == (len(distinct), of_files), names(distinct)


STUDY: dict[str, Any] = {
    "name": "tiny",
    "device": "cpu",
    "datasets": {
        "digits": {
            "kind": "digits",
            "transform": {"size": 8, "resize": 8, "train_side": 8, "flip": 0.0},
            "backbone": "small",
        }
    },
    "backbones": {"small": {"kind": "convnet", "widths": [4, 8], "embedding": 8}},
    "losses": {"triplet": {"kind": "triplet"}},
    "optimisation": {"epochs": 1, "classes_per_batch": 3, "samples_per_class": 20},
    "trainings": {"natural": {"method": "natural"}},
    "attacks": {"pgd": {"optimiser": "pgd", "epsilon": 0.05, "steps": 2, "as_released": False}},
    "evaluation": {"check_queries": 0},
}
MODEL = ["--dataset", "digits", "--loss", "triplet", "--training", "natural", "--seed", "0"]
COMMANDS = {"index": MODEL[:2], "store": MODEL[:2], "train": MODEL, "attack": MODEL, "score": MODEL}


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Calls]:
    """The calls of every command, from the index of the images to the tables."""
    found = Calls()
    with pytest.MonkeyPatch.context() as patch, found.recorded():
        patch.chdir(tmp_path_factory.mktemp("study"))
        patch.setattr("robust_dml.runtime.process_setup.configure_process", lambda: None)
        Path("study.yaml").write_text(yaml.safe_dump(STUDY), encoding="utf-8")
        for name, words in {**COMMANDS, "collect": [], "tables": []}.items():
            assert main([name, "study.yaml", *words]) == 0
    yield found


def test_from_epsilon_to_the_clamp(calls: Calls) -> None:
    into_pgd = calls.chain("cli/commands/attack.py:run", "attacks/optimisers/pgd.py:pgd")
    to_clamp = calls.chain("attacks/optimisers/pgd.py:pgd", "attacks/balls.py:LinfBall.project")
    require([*into_pgd, *to_clamp], functions=10, files=7, row="epsilon to clamp")


def test_from_the_batch_to_the_loss(calls: Calls) -> None:
    to_step = calls.chain("data/loading/workers.py:LoadedBatches.__iter__", "training/loop.py:train_step")
    to_network = calls.chain("training/loop.py:train_step", "models/folding.py:FoldedModel.__call__")
    to_loss = calls.chain("training/loop.py:train_step", "losses/triplet.py:TripletLoss.__call__")
    require([*to_step, *to_network, *to_loss], functions=12, files=9, row="batch to loss")


def test_from_recall_to_a_cell(calls: Calls) -> None:
    to_json = calls.chain("metrics/recall.py:recall", "evaluation/result.py:write_result")
    to_csv = [calls.function("evaluation/collect.py:collect")]
    to_cell = calls.chain("report/metrics.py:read_metrics", "report/table.py:number")
    require([*to_json, *to_csv, *to_cell], functions=12, files=9, row="recall to cell")
