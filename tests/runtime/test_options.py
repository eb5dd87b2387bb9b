"""The options of an entry: checked by its own model, and read from a function's parameters."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from pydantic import Field, ValidationError

from robust_dml.runtime.errors import UserError
from robust_dml.runtime.options import Entry, Options, options_of
from robust_dml.runtime.section import Integer


class StepOptions(Options):
    """Options of the only entry."""

    steps: Integer = Field(ge=1)
    restarts: Integer = 1


class Record:
    options = StepOptions


class Thing(Entry):
    """A section that names an entry."""

    key: ClassVar[str] = "kind"
    kind: str = "climb"
    weight: float = 1.0

    @classmethod
    def find(cls, name: str) -> Any:
        if name != "climb":
            raise UserError(f"no such thing: {name}")
        return Record


def make(**content: Any) -> Thing:
    return Thing(**content)


def test_options_may_be_flat_below_options_or_both() -> None:
    found = [make(kind="climb", steps=3), make(options={"steps": 3}), make(kind="climb", options=StepOptions(steps=3))]
    assert found[0] == found[1] == found[2]
    assert isinstance(found[0].options, StepOptions) and found[0].options.restarts == 1
    mixed = make(steps=3, options={"restarts": 4})
    assert (mixed.options.steps, mixed.options.restarts) == (3, 4)
    assert found[0].record is Record


def test_what_is_written_is_read_again() -> None:
    found = make(steps=3, weight=2.0)
    dumped = found.model_dump(mode="json")
    assert dumped == {"kind": "climb", "weight": 2.0, "options": {"steps": 3, "restarts": 1}}
    assert Thing(**dumped) == found


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "steps: missing"),
        ({"steps": 3, "step": 3}, "step: unknown key; climb has the options steps, restarts"),
        ({"options": {"stepz": 3}}, "stepz: unknown key; climb has the options steps, restarts"),
        ({"steps": 0}, "steps: Input should be greater than or equal to 1"),
        ({"steps": True}, "steps: expected a number, not true or false"),
        ({"options": [3]}, "options: expected a mapping of names to values"),
        ({"kind": "fly", "steps": 3}, "kind: no such thing: fly"),
        ({"kind": 3, "steps": 3}, "kind"),
        ({"steps": 3, "weight": "heavy"}, "weight"),
    ],
)
def test_mistakes(content: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        make(**content)


def test_two_sections_are_alike_but_for_what_is_ignored() -> None:
    first, second = make(steps=3), make(steps=6, weight=2.0)
    assert first.alike(make(steps=3))
    assert not first.alike(second) and not first.alike(second, "steps") and not first.alike(second, "weight")
    assert first.alike(second, "steps", "weight")


def test_options_of_a_function_are_its_parameters() -> None:
    def attack(problem: Any, steps: int, *, size: float = 0.5, name: str = "a") -> None: ...

    found = options_of(attack, skip=1)
    assert list(found.model_fields) == ["steps", "size", "name"]
    assert found(steps=3).model_dump() == {"steps": 3, "size": 0.5, "name": "a"}
    with pytest.raises(ValidationError, match="steps"):
        found()
    with pytest.raises(ValidationError, match="size"):
        found(steps=3, size="large")
    with pytest.raises(ValidationError, match="speed"):
        found(steps=3, speed=1)


def test_options_of_a_class_are_those_of_its_constructor() -> None:
    class Loss:
        def __init__(self, margin: float = 0.2, **others: Any) -> None:
            self.margin = margin

    assert options_of(Loss)().model_dump() == {"margin": 0.2}


def test_an_annotation_that_cannot_be_resolved_takes_anything() -> None:
    def attack(problem: Any, start: NotImported = None) -> None: ...  # type: ignore[name-defined]  # noqa: F821

    assert options_of(attack, skip=1)(start=[1]).model_dump() == {"start": [1]}
