"""Who is ahead, from cards alone: models are compared on the same queries, and an unresolved difference is a tie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from robust_dml.cards.card import Card, read_card
from robust_dml.runtime.errors import UserError
from robust_dml.statistics import Interval, paired_difference, share_interval_over_seeds


@dataclass(frozen=True)
class Refused:
    """A card that cannot be trusted, and why."""

    path: Path
    reason: str


@dataclass(frozen=True)
class Standing:
    """The place of a card in its board: `place` is None for unverified numbers, `tied` says whether others share it."""

    card: Card
    place: int | None
    tied: bool
    intervals: dict[float, Interval]
    """Recall@1 by radius, the mean over seeds with its 95 % interval over queries; 0 is without attack."""


@dataclass(frozen=True)
class Board:
    """The cards of one dataset and threat, the best first; they are compared at `radius`."""

    dataset: str
    norm: str
    protocol: str
    radius: float
    radii: list[float]
    standings: list[Standing]


def read_cards(paths: Sequence[Path]) -> tuple[list[Card], list[Refused]]:
    """Return the cards that can be read and are consistent, and the others with what is wrong with them."""
    cards, refused = [], []
    for path in paths:
        try:
            cards.append(read_card(path))
        except UserError as error:
            refused.append(Refused(path, str(error)))
    return cards, refused


def boards_of(cards: Sequence[Card]) -> list[Board]:
    """Return a board for each set of queries and threat."""
    groups: dict[tuple[str, ...], list[Card]] = {}
    for card in cards:
        groups.setdefault(_same(card), []).append(card)
    return [_board(group) for group in groups.values()]


def _same(card: Card) -> tuple[str, ...]:
    """Return what two cards must share to be compared: images, queries, threat and protocol."""
    return (card.data.name, card.data.sha256, card.labels, str(card.threat), card.protocol.name)


def _board(cards: list[Card]) -> Board:
    shared = [radius for radius in cards[0].radii if all(radius in card.radii for card in cards)]
    radius = max(shared)
    verified = [card for card in cards if card.verdict == "verified"]
    places = [1 + sum(_better(other, card, radius) for other in verified) for card in verified]
    ranked = [
        Standing(card, place, places.count(place) > 1, _intervals(card))
        for card, place in zip(verified, places, strict=True)
    ]
    others = [Standing(card, None, False, _intervals(card)) for card in cards if card.verdict != "verified"]
    by_recall = sorted(ranked, key=lambda each: (each.place, -each.intervals[radius].estimate))
    return Board(
        dataset=cards[0].data.name,
        norm=cards[0].threat["norm"],
        protocol=cards[0].protocol.name,
        radius=radius,
        radii=sorted({radius for card in cards for radius in card.radii}),
        standings=[*by_recall, *sorted(others, key=lambda each: -each.intervals[radius].estimate)],
    )


def _better(other: Card, card: Card, radius: float) -> bool:
    """Return whether another model keeps more of its recall@1, by more than chance, on the same queries."""
    ours, theirs = (np.mean(each.right(radius), axis=0) for each in (card, other))
    difference = paired_difference(theirs, ours, card.classes)
    return difference.resolved and difference.difference > 0


def _intervals(card: Card) -> dict[float, Interval]:
    return {radius: share_interval_over_seeds(card.right(radius), card.classes) for radius in card.radii}
