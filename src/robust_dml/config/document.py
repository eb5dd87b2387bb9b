"""docs/study.md, written from the typed model, so that no key is described twice or not at all."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from robust_dml.config.base import Section
from robust_dml.config.study import Study

TITLE = """# The keys of a study

A study is one YAML file; those of the project lie in `config/`. Every key is listed here with its default; an unknown
key, a wrong type or a name that does not exist ends the run with one line that names its place. Pixels are in [0, 1].
This page is written by `robust-dml schema --markdown`.
"""


def study_markdown() -> str:
    """The page, one table per section, in the order in which the study refers to them."""
    return "\n".join([TITLE, *(_table(section) for section in _sections(Study))])


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


def _table(section: type[Section]) -> str:
    summary = " ".join((section.__doc__ or "").split())
    rows = [
        f"| `{name}` | {_type(field.annotation)} | {_default(field)} | {field.description or ''} |"
        for name, field in section.model_fields.items()
    ]
    return "\n".join(
        [
            f"## {section.__name__}",
            "",
            summary,
            "",
            "| key | type | default | meaning |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


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
