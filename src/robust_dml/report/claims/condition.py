"""The claims of config/claims.yaml, checked as they are read."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import Field, ValidationError, model_validator

from robust_dml.runtime.errors import UserError
from robust_dml.runtime.section import Name, Number, Section, explain

Quantity = Literal["value", "ratio", "difference"]


class Selection(Section):
    """Rows of metrics.csv by their columns, one row per seed."""

    dataset: str | None = None
    backbone: str | None = None
    loss: str | None = None
    training: str | None = None
    attack: str | None = Field(None, description="`none` for unperturbed queries")
    norm: str | None = None
    epsilon: float | None = None
    steps: int | None = None
    objective: str | None = None
    protocol: str | None = None
    metric: str | None = None

    def over(self, base: Selection) -> Selection:
        """Return this selection, with the columns that it does not name from `base`."""
        return Selection(**{**base.given(), **self.given()})

    def given(self) -> dict[str, str | float]:
        """Return the columns that it names."""
        return self.model_dump(exclude_none=True)

    def __str__(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in self.given().items())


DEFAULTS = Selection(protocol="masked", metric="recall@1")


class Claim(Section):
    """One claim: `quantity` of the means over seeds must reach `at_least` or stay within `at_most`."""

    id: Name
    statement: str = Field(description="what is claimed, in our words")
    source: str = Field(description="who claims it and where")
    studies: list[Name] | None = Field(None, description="the studies it is about; all if absent")
    quantity: Quantity
    of: Selection
    to: Selection | None = Field(None, description="what a ratio or a difference compares `of` with")
    cases: dict[str, list[str | float]] = Field({}, description="columns and values: one case for each combination")
    holds_in: Literal["every case", "some case"] = "every case"
    at_least: Number | None = None
    at_most: Number | None = None
    tolerance: Number = Field(0.0, ge=0, description="how far the observed value may miss the bound")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.quantity == "value") != (self.to is None):
            raise ValueError("to: belongs to ratio and difference, which need it")
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("give at_least or at_most, not both")
        for column in self.cases:
            if column not in Selection.model_fields:
                raise ValueError(f"cases: metrics.csv has no column {column}")
        return self

    @property
    def limit(self) -> float:
        """The bound, less strict by the tolerance."""
        if self.at_least is not None:
            return self.at_least - self.tolerance
        return (self.at_most or 0.0) + self.tolerance

    def meets(self, observed: float) -> bool:
        """Return whether an observed value is within the limit."""
        return observed >= self.limit if self.at_least is not None else observed <= self.limit

    def each_case(self) -> list[Selection]:
        """Return the combinations of the cases, each with the defaults of protocol and metric."""
        return [
            Selection(**dict(zip(self.cases, values, strict=True))).over(DEFAULTS)
            for values in product(*self.cases.values())
        ]


def load_claims(path: Path) -> list[Claim]:
    """Read and check the claims. Raises UserError that names the claim and the mistake."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path}: cannot read the claims: {error.strerror}") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise UserError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, list):
        raise UserError(f"{path}: claims are a list; see docs/results.md")
    claims = [_claim(path, number, entry) for number, entry in enumerate(content, start=1)]
    known: set[str] = set()
    for claim in claims:
        if claim.id in known:
            raise UserError(f"{path}: two claims have the id {claim.id}; rename one")
        known.add(claim.id)
    return claims


def _claim(path: Path, number: int, entry: object) -> Claim:
    if not isinstance(entry, dict):
        raise UserError(f"{path}: claim {number} is not a mapping of keys to values")
    try:
        return Claim(**entry)
    except ValidationError as error:
        raise UserError(f"{path}: claim {entry.get('id', number)}: {explain(error)}") from error
