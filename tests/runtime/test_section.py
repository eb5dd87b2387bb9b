"""Numbers, names and radii of a YAML file, and mistakes in one line."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError

from robust_dml.runtime.section import Epsilon, Integer, Name, Number, Section, Share, explain


class Inner(Section):
    """A section within another."""

    count: Integer = 1


class Outer(Section):
    """A section with every kind of value."""

    name: Name = "a"
    number: Number = 1.0
    share: Share = 0.5
    epsilon: Epsilon = 0.1
    inner: Inner = Inner()
    many: dict[str, Inner] = Field({})


def mistake(**content: Any) -> str:
    with pytest.raises(ValidationError) as error:
        Outer(**content)
    return explain(error.value)


@given(numerator=st.integers(0, 255), denominator=st.integers(1, 255))
def test_a_radius_may_be_a_fraction(numerator: int, denominator: int) -> None:
    text: Any = f"{numerator}/{denominator}"
    assert Outer(epsilon=text).epsilon == numerator / denominator


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"epsilon": "1/0"}, "epsilon: 1/0 divides by zero (found '1/0')"),
        ({"epsilon": "1/2/3"}, "epsilon: "),
        ({"epsilon": "-1/2"}, "epsilon: Input should be greater than or equal to 0"),
        ({"number": True}, "number: expected a number, not true or false (found True)"),
        ({"number": float("inf")}, "number: Input should be a finite number"),
        ({"number": float("nan")}, "number: Input should be a finite number"),
        ({"share": 1.5}, "share: Input should be less than or equal to 1 (found 1.5)"),
        ({"name": "Two Words"}, "name: "),
        ({"name": "a..b"}, "name: "),
        ({"name": "../up"}, "name: "),
        ({"name": "a" * 81}, "name: "),
        ({"inner": {"count": 1.5}}, "inner.count: "),
        ({"inner": {"cuont": 1}}, "inner.cuont: unknown key; see docs/study.md for the keys"),
        ({"many": {"b": {"count": "x"}}}, "many.b.count: "),
    ],
)
def test_mistakes_name_their_place(content: dict[str, Any], message: str) -> None:
    assert mistake(**content).startswith(message)


def test_several_mistakes_are_one_line_and_long_values_are_cut() -> None:
    line = mistake(share=2, name="B" * 500)
    assert "; " in line and "\n" not in line and len(line) < 500
    with pytest.raises(ValidationError) as error:
        Inner(count="x")  # type: ignore[arg-type]
    assert explain(error.value, below="a.b").startswith("a.b.count: ")


def test_a_section_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Outer().share = 0.1  # type: ignore[misc]
