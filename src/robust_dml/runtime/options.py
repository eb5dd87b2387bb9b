"""The settings of one entry of a registry, checked by its own typed model."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, cast, get_type_hints

from pydantic import Field, SerializeAsAny, ValidationError, create_model, model_validator

from robust_dml.runtime.errors import UserError
from robust_dml.runtime.section import Section, explain


class Options(Section):
    """The settings of an entry; one without settings takes none."""


class Entry(Section):
    """A section that names an entry of a registry; keys that are not its own are options of that entry.

    A subclass says under which key the name stands (`key`) and where the record is found (`find`).
    """

    key: ClassVar[str] = "kind"

    options: SerializeAsAny[Any] = Field(
        Options(), description="the settings of what is named; they may also be written beside these keys"
    )

    @classmethod
    def find(cls, name: str) -> Any:
        """Return the record of a name."""
        raise TypeError(f"{cls.__name__} must say where its records are found")

    @property
    def record(self) -> Any:
        """The record that this section names."""
        return self.find(getattr(self, self.key))

    @model_validator(mode="before")
    @classmethod
    def _options_are_those_of_the_entry(cls, data: Any) -> Any:
        name = data.get(cls.key, cls.model_fields[cls.key].default) if isinstance(data, Mapping) else None
        if not isinstance(name, str):
            return data  # the field itself says what is wrong
        try:
            expected = cast(type[Options], cls.find(name).options)
        except UserError as error:
            raise ValueError(f"{cls.key}: {error}") from error
        own = {key: value for key, value in data.items() if key in cls.model_fields and key != "options"}
        given = data.get("options", {})
        if isinstance(given, Options):
            return {**own, "options": given}
        if not isinstance(given, Mapping):
            raise ValueError("options: expected a mapping of names to values")
        flat = {key: value for key, value in data.items() if key not in cls.model_fields}
        return {**own, "options": _checked(expected, name, given, flat)}

    def alike(self, other: Entry, *ignored: str) -> bool:
        """Whether two sections say the same, but for these keys or options."""
        left, right = (_flat(section, ignored) for section in (self, other))
        return left == right


def _checked(expected: type[Options], name: str, given: Mapping[str, Any], flat: Mapping[str, Any]) -> Options:
    unknown = [str(key) for key in {**given, **flat} if key not in expected.model_fields]
    if unknown:
        known = ", ".join(expected.model_fields) or "none"
        raise ValueError(f"{', '.join(unknown)}: unknown key; {name} has the options {known}; see docs/study.md")
    try:
        return expected(**{**given, **flat})
    except ValidationError as error:
        raise ValueError(explain(error)) from error


def _flat(section: Entry, ignored: tuple[str, ...]) -> dict[str, Any]:
    values = section.model_dump(exclude={"options"}) | section.options.model_dump()
    return {key: value for key, value in values.items() if key not in ignored}


def options_of(function: Callable[..., Any], *, skip: int = 0) -> type[Options]:
    """Return the options that a function or class takes: its parameters but for the first `skip`, with defaults."""
    hints = _hints(function)
    parameters = list(inspect.signature(function).parameters.values())[skip:]
    fields = {
        parameter.name: (
            hints.get(parameter.name, Any),
            ... if parameter.default is parameter.empty else parameter.default,
        )
        for parameter in parameters
        if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    }
    name = f"{getattr(function, '__name__', 'function')}Options"
    return cast(type[Options], create_model(name, __base__=Options, **cast(Any, fields)))


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    target = function.__init__ if inspect.isclass(function) else function
    try:
        return get_type_hints(target)
    except Exception:  # an annotation may name what is imported for type checkers alone
        return {}
