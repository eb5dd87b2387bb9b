"""Ways in processes of their own, taken in turns."""

from __future__ import annotations

import pytest
from benchmarks.turns import ratios, spread, take_turns
from benchmarks.worker import Call, Worker

SLEEP = "benchmark_ways:sleeping"


def test_each_way_takes_its_time_in_every_round() -> None:
    calls = {"slow": Call(SLEEP, {"seconds": 0.06}), "fast": Call(SLEEP, {"seconds": 0.02})}
    turns = take_turns(calls, rounds=3, at_least=0.02)
    assert all(len(seconds) == 3 for seconds in turns.seconds.values())
    assert all(0.06 <= seconds < 0.5 for seconds in turns.seconds["slow"])
    assert 1.2 < ratios(turns.seconds["slow"], turns.seconds["fast"])["median"] < 4


def test_seconds_are_those_of_one_call() -> None:
    with Worker(Call(SLEEP, {"seconds": 0.02})) as worker:
        assert 0.02 <= worker.time(5) < 0.1


def test_memory_is_each_ways_own() -> None:
    calls = {"small": Call("benchmark_ways:holding", {"mib": 1}), "large": Call("benchmark_ways:holding", {"mib": 300})}
    turns = take_turns(calls, rounds=1)
    assert turns.results == {"small": 1, "large": 300}
    assert 250 < turns.memory["large"] - turns.memory["small"] < 400


def test_a_released_way_runs_without_our_allocator_but_its_threads_sleep() -> None:
    policy = {"name": "OMP_WAIT_POLICY"}
    settled, removed = Call("benchmark_ways:variable", policy), {"OMP_WAIT_POLICY": None}
    unsettled = Call("benchmark_ways:variable", policy, settled=False)
    default = Call("benchmark_ways:variable", policy, settled=False, environment=removed)
    found = [result_of(call) for call in (settled, unsettled, default)]
    assert found == ["PASSIVE", "PASSIVE", None]
    assert result_of(Call("benchmark_ways:variable", {"name": "OMP_NUM_THREADS"}, threads=1)) == "1"


def test_a_way_that_cannot_be_built_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="exit code 3"):
        Worker(Call("benchmark_ways:failing"))


def test_ratios_are_taken_round_by_round() -> None:
    assert ratios([2, 9, 4], [1, 3, 4]) == {"median": 2, "least": 1, "most": 3}
    assert spread([5, 1, 3]) == {"median": 3, "least": 1, "most": 5}


def result_of(call: Call) -> object:
    with Worker(call) as worker:
        worker.time()
        return worker.result
