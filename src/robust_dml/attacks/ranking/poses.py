"""The ranking attacks, ready to run: the items that each is about, what it lowers, its numbers and the worst ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from robust_dml.attacks.ranking import choices
from robust_dml.attacks.ranking.candidate import Sign, candidate_loss, candidate_rank
from robust_dml.attacks.ranking.order import kendall_tau, order_loss
from robust_dml.attacks.ranking.posed import Asked, Posed, pose
from robust_dml.attacks.ranking.query import preserving_loss, query_loss, query_rank
from robust_dml.attacks.ranking.shift import cosine, mismatch_loss, shift_loss
from robust_dml.attacks.ranking.top import (
    dethrone_loss,
    first_is_right,
    greedy_match_loss,
    still_in_top,
    top_match_loss,
)
from robust_dml.runtime.lazy import Tensor

ORDERED = 5  # items whose order is attacked


def pose_candidate(asked: Asked, sign: Sign) -> Posed:
    """Return CA+ (sign 1) or CA- (-1) for one query each."""
    positions = _drawn(asked, 1, sign, replacement=True)
    chosen = asked.items[positions]
    return pose(
        asked,
        lambda x, rows: candidate_loss(x, chosen[rows], asked.items, sign),
        lambda x: {"rank": candidate_rank(x, chosen, asked.items) / len(asked.items)},
    )


def pose_query(asked: Asked, sign: Sign) -> Posed:
    """Return QA+ (sign 1) or QA- (-1) for one candidate each."""
    positions = _drawn(asked, 1, sign)
    chosen = asked.items[positions]
    return pose(
        asked,
        lambda x, rows: query_loss(x, chosen[rows], asked.items, sign),
        lambda x: {"rank": query_rank(x, positions, asked.items) / len(asked.items)},
    )


def pose_preserving(asked: Asked, sign: Sign) -> Posed:
    """Return SPQA+ (sign 1) or SPQA- (-1) for one candidate each."""
    positions = _drawn(asked, 1, sign)
    kept = choices.kept_beside(asked.neighbours, positions, sign > 0)
    chosen, held = asked.items[positions], asked.items[kept]

    def score(x: Tensor) -> Mapping[str, Tensor]:
        size = len(asked.items)
        return {
            "rank": query_rank(x, positions, asked.items) / size,
            "kept-rank": query_rank(x, kept, asked.items) / size,
        }

    return pose(
        asked, lambda x, rows: preserving_loss(x, chosen[rows], held[rows], asked.items, sign, weight=None), score
    )


def pose_mismatch(asked: Asked) -> Posed:
    """Return TMA with one target each."""
    target = asked.items[choices.anywhere(asked.seeds, 1, len(asked.items), asked.excluded)[:, 0]]
    return pose(asked, lambda x, rows: mismatch_loss(x, target[rows]), lambda x: {"cosine": cosine(x, target)})


def pose_shift(asked: Asked) -> Posed:
    """Return ES."""
    return pose(
        asked,
        lambda x, rows: shift_loss(x, asked.x[rows]),
        lambda x: {**_recall(asked, x), "shift": (x - asked.x).norm(dim=1)},
    )


def pose_learned_match(asked: Asked) -> Posed:
    """Return LTM; as released, the query is its own nearest positive."""
    own = asked.excluded
    return pose(
        asked,
        lambda x, rows: top_match_loss(x, asked.items, asked.same[rows], None if own is None else own[rows]),
        lambda x: _recall(asked, x),
    )


def pose_greedy_match(asked: Asked) -> Posed:
    """Return GTM; as released, at the item that its bug selects."""
    if asked.as_released:
        position = choices.released_match(asked.neighbours, asked.gallery.labels)
    else:
        position = choices.nearest_of_another_class(asked.neighbours, asked.same)
    wanted = asked.items[position]
    return pose(asked, lambda x, rows: greedy_match_loss(x, wanted[rows]), lambda x: _recall(asked, x))


def pose_dethrone(asked: Asked) -> Posed:
    """Return GTT."""
    first = asked.neighbours[:, 0]
    wanted = asked.items[first]
    return pose(
        asked,
        lambda x, rows: dethrone_loss(x, wanted[rows], asked.items),
        lambda x: {"retain@4": still_in_top(x, asked.items, first, asked.own)},
    )


def pose_order(asked: Asked) -> Posed:
    """Return the order attack: five of the nearest items, drawn in the order in which they shall come."""
    wanted = asked.items[choices.near(asked.seeds, ORDERED, asked.neighbours, replacement=False)]
    return pose(
        asked,
        lambda x, rows: order_loss(x, wanted[rows]),
        lambda x: {"in order": (1 + kendall_tau(x, wanted)) / 2},
    )


def _recall(asked: Asked, x: Tensor) -> dict[str, Tensor]:
    return {"recall@1": first_is_right(x, asked.items, asked.same, asked.own)}


def _drawn(asked: Asked, count: int, sign: Sign, *, replacement: bool = False) -> Tensor:
    """Return the chosen positions (Q, count): of the whole gallery to raise them, of the nearest 1 % to lower them."""
    if sign > 0:
        return choices.anywhere(asked.seeds, count, len(asked.items), asked.excluded)
    return choices.near(asked.seeds, count, asked.neighbours, replacement=replacement)


@dataclass(frozen=True)
class RankingAttack:
    """A ranking attack on any queries."""

    label: str
    pose: Callable[[Asked], Posed]
    worst: Mapping[str, float]
    """Each number of its score, and what a query counts whose embedding is not finite: a full success."""


ATTACKS = {
    "ca-plus": RankingAttack("CA+", partial(pose_candidate, sign=1), {"rank": 0.0}),
    "ca-minus": RankingAttack("CA-", partial(pose_candidate, sign=-1), {"rank": 1.0}),
    "qa-plus": RankingAttack("QA+", partial(pose_query, sign=1), {"rank": 0.0}),
    "qa-minus": RankingAttack("QA-", partial(pose_query, sign=-1), {"rank": 1.0}),
    "spqa-plus": RankingAttack("SPQA+", partial(pose_preserving, sign=1), {"rank": 0.0, "kept-rank": 0.0}),
    "spqa-minus": RankingAttack("SPQA-", partial(pose_preserving, sign=-1), {"rank": 1.0, "kept-rank": 0.0}),
    "tma": RankingAttack("TMA", pose_mismatch, {"cosine": 1.0}),
    "es": RankingAttack("ES", pose_shift, {"recall@1": 0.0, "shift": 2.0}),
    "ltm": RankingAttack("LTM", pose_learned_match, {"recall@1": 0.0}),
    "gtm": RankingAttack("GTM", pose_greedy_match, {"recall@1": 0.0}),
    "gtt": RankingAttack("GTT", pose_dethrone, {"retain@4": 0.0}),
    "order": RankingAttack("OA", pose_order, {"in order": 1.0}),
}
"""By name; the first of a score's numbers is the one that the attack is about."""

ERS_NUMBERS = (
    *(("ca-plus", "rank"), ("ca-minus", "rank"), ("qa-plus", "rank"), ("qa-minus", "rank"), ("tma", "cosine")),
    *(("es", "shift"), ("es", "recall@1"), ("ltm", "recall@1"), ("gtm", "recall@1"), ("gtt", "retain@4")),
)
"""Attack and number of each field of `ers.RankingScores`, in their order."""
