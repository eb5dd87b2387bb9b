"""The HTML templates, and the environment that renders them."""

from __future__ import annotations

from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment


def render(name: str, **values: Any) -> str:
    """Render a template of this folder; values are escaped for HTML."""
    return _environment().get_template(name).render(**values)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from robust_dml.report.table import ends, printed, seeds_ends

    environment = Environment(
        loader=PackageLoader("robust_dml.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"printed": printed, "ends": ends, "seeds_ends": seeds_ends}
    environment.filters["spans"] = _spans
    environment.filters["zip"] = zip
    return environment


def _spans(columns: list[Any]) -> list[tuple[str, int]]:
    """Return the upper line of a table's head: each group of columns with its width."""
    return [(name, len(list(members))) for name, members in groupby(columns, key=lambda column: str(column.group))]
