"""The leaderboard: one page from cards alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from robust_dml.cards.standings import Board, Standing, boards_of, read_cards
from robust_dml.report.labels import NORMS, radius
from robust_dml.report.templates import render
from robust_dml.runtime.errors import UserError

WIDTH, HEIGHT, MARGIN = 560, 420, 48


@dataclass(frozen=True)
class Point:
    """A model in the picture: its place in the drawing, with the ends of both intervals, in its units."""

    name: str
    verified: bool
    x: float
    y: float
    left: float
    right: float
    top: float
    bottom: float


def leaderboard(paths: Sequence[Path]) -> str:
    """Return the page as HTML. Raises UserError if no card can be read."""
    cards, refused = read_cards(paths)
    if not cards:
        raise UserError(f"no card to show: {'; '.join(each.reason for each in refused) or 'none was given'}")
    boards = boards_of(cards)
    return render(
        "leaderboard.html.j2",
        boards=boards,
        refused=refused,
        points=[points_of(board) for board in boards],
        norms=NORMS,
        radius=radius,
        datasets=sorted({board.dataset for board in boards}),
        threats=sorted({board.norm for board in boards}),
        width=WIDTH,
        height=HEIGHT,
        margin=MARGIN,
    )


def points_of(board: Board) -> list[Point]:
    """Return the models of a board: x is recall@1 without attack, y under attack, both from 0 to 1."""
    return [_point(standing, board.radius) for standing in board.standings]


def _point(standing: Standing, radius: float) -> Point:
    clean, robust = standing.intervals[0.0], standing.intervals[radius]
    return Point(
        name=standing.card.about.title or standing.card.model.name,
        verified=standing.place is not None,
        x=across(clean.estimate),
        y=down(robust.estimate),
        left=across(clean.low),
        right=across(clean.high),
        top=down(robust.high),
        bottom=down(robust.low),
    )


def across(share: float) -> float:
    """Return the horizontal place of a share in the picture."""
    return round(MARGIN + share * (WIDTH - 2 * MARGIN), 1)


def down(share: float) -> float:
    """Return the vertical place of a share in the picture."""
    return round(HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN), 1)
