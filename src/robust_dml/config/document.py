"""Write docs/study.md from the typed model, so that every key is described once."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from robust_dml.config.study import Study
from robust_dml.records import (
    BACKBONES,
    DATASETS,
    LOSSES,
    METHODS,
    METRICS,
    MINERS,
    OBJECTIVES,
    OPTIMISERS,
    THREATS,
)
from robust_dml.registry import Registry
from robust_dml.runtime.section import Section

NAMED: tuple[Registry[Any], ...] = (
    *(DATASETS, BACKBONES, LOSSES, MINERS, METHODS),
    *(OPTIMISERS, OBJECTIVES, THREATS, METRICS),
)

TITLE = """# The keys of a study

A study is one YAML file; those of the project are in `config/`. Every key is listed here with its default; an unknown
key, a wrong type or a name that does not exist ends the run with one line that names its place. Pixels are in [0, 1].
This page is written by `robust-dml schema --markdown`.

First come the sections, then the names that their keys may hold, each with its options. An option is written beside
the keys of its section or below `options:`. In place of a name, `MODULE:NAME` takes a record or a plain function from a
file of your own beside the study, or from an installed package.
"""


def study_markdown() -> str:
    """Return the page: a table per section, in the order in which the study refers to them, then one per registry."""
    sections = [_section(section) for section in _sections(Study)]
    return "\n".join([TITLE, *sections, *(_registry(registry) for registry in NAMED)])


def _sections(section: type[Section]) -> Iterator[type[Section]]:
    found = [section]
    for current in found:
        for field in current.model_fields.values():
            found += [inner for inner in _inner_sections(field.annotation) if inner not in found]
    yield from found


def _inner_sections(annotation: Any) -> Iterator[type[Section]]:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation
    for argument in get_args(annotation):
        yield from _inner_sections(argument)


def _section(section: type[Section]) -> str:
    summary = " ".join((section.__doc__ or "").split())
    fields = sorted(section.model_fields.items(), key=lambda item: item[0] == "options")
    rows = [[f"`{name}`", *_described(field)] for name, field in fields]
    return "\n".join([f"## {section.__name__}", "", summary, "", *_table("key type default meaning", rows)])


def _registry(registry: Registry[Any]) -> str:
    """Return the names of one kind with their summaries, and the options of those that have any."""
    records = {name: registry.load(name) for name in registry.names}
    names = [[f"`{name}`", record.summary] for name, record in records.items()]
    options = [
        [f"`{name}`", f"`{option}`", *_described(field)]
        for name, record in records.items()
        if hasattr(record, "options")
        for option, field in record.options.model_fields.items()
    ]
    lines = [f"## Names: {registry.what}", "", *_table("name summary", names)]
    return "\n".join([*lines, *(_table("name option type default meaning", options) if options else [])])


def _table(heads: str, rows: list[list[str]]) -> list[str]:
    lines = [heads.split(), ["---"] * len(heads.split()), *rows]
    return [*(f"| {' | '.join(cells)} |" for cells in lines), ""]


def _described(field: FieldInfo) -> list[str]:
    return [_type(field.annotation), _default(field), field.description or ""]


def _type(annotation: Any) -> str:
    if get_origin(annotation) is Annotated:
        return _type(get_args(annotation)[0])
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(annotation))
    if get_origin(annotation) in (Union, types.UnionType):
        return " or ".join(_type(part) for part in get_args(annotation) if part is not type(None))
    if get_origin(annotation) in (list, tuple):
        return f"list of {_type(get_args(annotation)[0])}"
    if get_origin(annotation) is dict:
        return f"mapping of names to {_type(get_args(annotation)[1])}"
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    return str(getattr(annotation, "__name__", annotation)).lower()


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None or value == "" or isinstance(value, Section):
        return ""
    return f"`{value}`"
