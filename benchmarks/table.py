"""Rows as lines of a Markdown table."""

from __future__ import annotations

from benchmarks.row import Row

HEAD = """| what | times faster [least, most] | at the limit | share: ours, released | figures | goal | met |
|---|---|---|---|---|---|---|"""
MET = {True: "yes", False: "no", None: ""}


def line(row: Row) -> str:
    """Return one line."""
    ceiling = f"{row['ratio_at_limit']:.2f}" if "ratio_at_limit" in row else ""
    cells = [row["what"], _ratio(row), ceiling, _share(row), _figures(row), row.get("goal", ""), MET[row.get("met")]]
    return "| " + " | ".join(cells) + " |"


def _ratio(row: Row) -> str:
    found = row.get("ratio")
    return f"{found['median']:.2f} [{found['least']:.2f}, {found['most']:.2f}]" if found else ""


def _share(row: Row) -> str:
    if "share" not in row:
        return ""
    limit = row["limit"]
    shares = f"{row['share']['median']:.0%}, {row['released_share']['median']:.0%}"
    return f"{shares} of {limit['median']:,.0f} {limit['unit']} ({limit['name']})"


def _figures(row: Row) -> str:
    return "; ".join(f"{name} {_number(value)}" for name, value in row.get("values", {}).items())


def _number(value: object) -> str:
    return f"{value:,.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
