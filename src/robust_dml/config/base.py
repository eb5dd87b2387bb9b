"""What all sections of a study share."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Name = Annotated[str, Field(pattern=r"^[a-z0-9]+([.-][a-z0-9]+)*$", description="lower case, digits, dots, dashes")]
Share = Annotated[float, Field(ge=0, le=1)]
Epsilon = Annotated[float, Field(ge=0, description="radius of the perturbation, in pixels of [0, 1]")]


class Section(BaseModel):
    """A part of the study's YAML: immutable, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def explain(error: ValidationError, *, below: str = "") -> str:
    """All mistakes of a validation as one line: `a.b: what is wrong; c: what is wrong`."""
    return "; ".join(_explain_one(dict(mistake), below) for mistake in error.errors())


def _explain_one(mistake: dict[str, Any], below: str) -> str:
    place = ".".join([below] * bool(below) + [str(part) for part in mistake["loc"]])
    if mistake["type"] == "extra_forbidden":
        return f"{place}: unknown key; see docs/study.md for the keys"
    if mistake["type"] == "missing":
        return f"{place}: missing"
    text = mistake["msg"].removeprefix("Value error, ")
    return f"{place}: {text} (found {mistake['input']!r})" if place else text
