"""What all sections of a YAML file share: immutable, checked, and unknown keys are errors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AllowInfNan, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError


def _no_bool(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("expected a number, not true or false")
    return value


def _fraction(value: object) -> object:
    """Read a radius such as "8/255"; leave everything else to the type."""
    if not isinstance(value, str) or value.count("/") != 1:
        return value
    numerator, denominator = (float(part) for part in value.split("/"))
    if denominator == 0:
        raise ValueError(f"{value} divides by zero")
    return numerator / denominator


Name = Annotated[
    str,
    Field(pattern=r"^[a-z0-9]+([.-][a-z0-9]+)*$", max_length=80, description="lower case, digits, dots, dashes"),
]
Integer = Annotated[int, BeforeValidator(_no_bool)]
Number = Annotated[float, BeforeValidator(_no_bool), AllowInfNan(False)]
Share = Annotated[Number, Field(ge=0, le=1)]
Epsilon = Annotated[
    Number,
    BeforeValidator(_fraction),
    Field(ge=0, description="radius of the perturbation, in pixels of [0, 1]; may be written as a fraction, 8/255"),
]


_NAMES_A_KEY = re.compile(r"[a-z_]+: ")


class Section(BaseModel):
    """A part of a YAML file: immutable, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


def explain(error: ValidationError, *, below: str = "") -> str:
    """Return all mistakes of a validation as one line: `a.b: what is wrong; c: what is wrong`."""
    return "; ".join(_explain_one(dict(mistake), below) for mistake in error.errors())


def _explain_one(mistake: dict[str, Any], below: str) -> str:
    place = ".".join([*([below] if below else []), *(str(part) for part in mistake["loc"])])
    if mistake["type"] == "extra_forbidden":
        return f"{place}: unknown key; see docs/study.md for the keys"
    if mistake["type"] == "missing":
        return f"{place}: missing"
    text = mistake["msg"].removeprefix("Value error, ")
    if place and isinstance(mistake["input"], Mapping) and _NAMES_A_KEY.match(text):
        return f"{place}.{text}"  # a check of a whole section, whose text says which key is wrong
    found = repr(mistake["input"])
    return f"{place}: {text} (found {found if len(found) <= 200 else found[:200] + '...'})" if place else text
