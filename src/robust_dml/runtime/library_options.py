"""The options of a class of pytorch-metric-learning, known from its sources."""

from __future__ import annotations

from typing import Any, cast

from pydantic import create_model

from robust_dml.runtime.class_sources import NOT_LITERAL, REQUIRED, SourceClass, find_class
from robust_dml.runtime.options import Options
from robust_dml.runtime.section import Integer, Number

LIBRARY = "pytorch_metric_learning"


def find_library_class(folder: str, name: str, base: str) -> SourceClass | None:
    """Return the concrete class `name` of the library's `folder` that inherits `base`; None if there is none."""
    found = find_class(f"{LIBRARY}.{folder}", name)
    if found is None or not found.inherits(base) or name.startswith(("Base", "Generic")):
        return None
    return found


def library_options(source: SourceClass) -> type[Options]:
    """Return the options that the constructor takes, with its defaults; None stands for a default that is computed."""
    fields = {name: (_type_of(default), _default_of(default)) for name, default in source.parameters().items()}
    return cast(type[Options], create_model(f"{source.name}Options", __base__=Options, **cast(Any, fields)))


def given(options: Options) -> dict[str, Any]:
    """Return the options that differ from the library's own defaults."""
    return options.model_dump(exclude_defaults=True)


def _type_of(default: Any) -> Any:
    if isinstance(default, bool):
        return bool
    if isinstance(default, str):  # such as `triplets_per_anchor: all`, which may be a number
        return str | Integer | Number
    return Integer | Number if isinstance(default, int | float) else Any


def _default_of(default: Any) -> Any:
    if default is REQUIRED:
        return ...
    return None if default is NOT_LITERAL else default
