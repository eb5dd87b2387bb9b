"""A row of the table: our code and the released code in turns, with a limit of the machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.limits import Limit
from benchmarks.turns import Turns, ratios, spread, take_turns
from benchmarks.worker import Call

Row = dict[str, Any]


def compare(
    what: str,
    released: Call,
    ours: Call,
    *,
    others: Mapping[str, Call] | None = None,
    goal: float | None = None,
    work: float | None = None,
    limit: Limit | None = None,
    rounds: int,
) -> tuple[Row, Turns]:
    """Return a row with the ratio of the times of ours and the released code, and the turns.

    `others` are timed beside them. `goal` is the ratio that is wanted. `work` is the amount of one call of ours, in
    the unit of `limit`.
    """
    calls = {"released": released, "ours": ours, **(others or {})} | ({} if limit is None else {"limit": limit.call})
    turns = take_turns(calls, rounds=rounds)
    row: Row = {
        "what": what,
        "seconds": turns.seconds,
        "ratio": ratios(turns.seconds["released"], turns.seconds["ours"]),
        "memory_mib": {name: round(turns.memory[name]) for name in ("released", "ours")},
    }
    if goal is not None:
        row |= {"goal": f"{goal:g} times", "met": row["ratio"]["median"] >= goal}
    if limit is not None and work is not None:
        row |= share_of(limit, work, turns.seconds)
    return row, turns


def figures(what: str, values: Mapping[str, Any], *, goal: str = "", met: bool | None = None) -> Row:
    """Return a row of figures by name, without a ratio."""
    return {"what": what, "values": dict(values), "goal": goal, "met": met}


def share_of(limit: Limit, work: float, seconds: Mapping[str, list[float]]) -> Row:
    """Return the shares of the limit that ours and the released code reach, by round, counting necessary work only.

    `ratio_at_limit` is how many times faster than the released way that work would be done at the limit.
    """
    speeds = [limit.amount / s for s in seconds["limit"]]
    released = _share(work, seconds["released"], speeds)
    return {
        "limit": {"name": limit.name, "unit": limit.unit, **spread(speeds)},
        "work": work,
        "share": _share(work, seconds["ours"], speeds),
        "released_share": released,
        "ratio_at_limit": 1 / released["median"],
    }


def _share(work: float, seconds: list[float], speeds: list[float]) -> dict[str, float]:
    return spread([work / own / speed for own, speed in zip(seconds, speeds, strict=True)])
