"""A card: one model, one dataset, one threat. docs/submit.md describes its fields."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from robust_dml.cards.bits import unpack_bits, unpack_labels
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.sealed import KEY, read_sealed, write_sealed
from robust_dml.runtime.section import Section, Share, explain

FORMAT = 1
AGAIN = "make the card again by `robust-dml audit`"


class Reported(Section):
    """A figure that the authors of a model report."""

    metric: str = "recall@1"
    epsilon: float = 0.0
    value: Share
    attack: str = Field("", description="how they attacked; empty for clean images")
    source: str = Field(description="where it is printed: paper and table")


class About(Section):
    """What the author of a card says of the model."""

    title: str = ""
    citation: str = ""
    url: str = Field("", pattern="^(https?://.+)?$")
    licence: str = ""
    reported: tuple[Reported, ...] = ()


class ModelFacts(Section):
    """Which model: `weights` are SHA-256 of its file by seed."""

    name: str
    source: str
    embedding: int
    distance: Literal["cosine", "euclidean"]
    weights: dict[str, str]


class DataFacts(Section):
    """Which images: `sha256` is that of the index, which holds checksums of all pixels."""

    name: str
    kind: str
    sha256: str
    size: int = Field(description="side of the square that the model sees, in pixels")
    queries: int
    scored: int
    gallery: int
    classes: int
    sample: int | None = Field(description="queries drawn at random, balanced by class; all if null")


class Estimate(Section):
    """A mean over scored queries, with its 95 % interval over queries, clustered by class."""

    value: float
    low: float | None
    high: float | None


class AtRadius(Section):
    """Recall@1 at one radius in pixels of [0, 1] (0 without attack), and `right`, a bit per scored query."""

    epsilon: float
    recall: Estimate
    right: str

    def outcome(self, queries: int) -> NDArray[np.bool_]:
        """Return which of the scored queries are right, bool (Q,)."""
        return unpack_bits(self.right, queries)


class OfSeed(Section):
    """The numbers of one seed; `metrics` are others than recall@1 of unperturbed queries."""

    seed: int
    metrics: dict[str, Estimate]
    radii: list[AtRadius] = Field(min_length=1)


class Protocol(Section):
    """The version of the protocol, and of the package that ran it."""

    name: str
    package: str


class Card(Section):
    """The content of a card, but for the hash of all of it."""

    format: Literal[1]
    model: ModelFacts
    data: DataFacts
    threat: dict[str, str]
    protocol: Protocol
    verdict: Literal["verified", "unverified"]
    reasons: list[str]
    labels: str = Field(description="the class of each scored query")
    seeds: list[OfSeed] = Field(min_length=1)
    about: About = About()
    settings: dict[str, Any] = Field(description="what `robust-dml verify` needs to run it again")
    made: dict[str, Any] = Field(description="revision, versions and device")

    @property
    def classes(self) -> NDArray[np.int64]:
        """Return the class of each scored query (Q,)."""
        return unpack_labels(self.labels)

    @property
    def radii(self) -> list[float]:
        """The radii, 0 for unperturbed queries among them."""
        return [at.epsilon for at in self.seeds[0].radii]

    def right(self, epsilon: float) -> NDArray[np.bool_]:
        """Return which scored queries are right at a radius, bool (S, Q), for every seed."""
        at = self.radii.index(epsilon)
        return np.stack([seed.radii[at].outcome(self.data.scored) for seed in self.seeds])


def write_card(path: Path, card: Card) -> None:
    """Write a card with the hash of its content, atomically."""
    write_sealed(path, card.model_dump(mode="json"))


def read_card(path: Path) -> Card:
    """Read a card. Raises UserError if it is absent, damaged, edited, no card, or contradicts itself."""
    content = {key: value for key, value in read_sealed(path).items() if key != KEY}
    if content.get("format") != FORMAT:
        raise UserError(f"{path}: no card of format {FORMAT} (found {content.get('format')}); {AGAIN}")
    try:
        card = Card(**content)
    except ValidationError as error:
        raise UserError(f"{path}: no card: {explain(error)}; {AGAIN}") from error
    from robust_dml.cards.consistent import require_consistent

    require_consistent(path, card)
    return card
