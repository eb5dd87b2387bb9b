"""Run the standard protocol on one model: its members in order, each on the queries that still stand.

A query that is broken at a smaller radius stays broken at a larger one, with the same image. docs/protocol.md defines
the protocol, `attacks/optimisers/standard_v1.py` has its members.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from robust_dml.attacks.objectives import margin
from robust_dml.attacks.optimisers.standard_v1 import (
    CONVERGED,
    MEMBERS,
    MOST_ROUNDS,
    RESTART,
    Member,
    doubled_members,
    member_names,
)
from robust_dml.config.attacks import AttackConfig
from robust_dml.config.evaluation import AttackAt, EvaluationConfig
from robust_dml.evaluation.attacked import Attacked, Positions
from robust_dml.evaluation.batches import AttackBatch, attack_batch
from robust_dml.evaluation.blocks import run_blocks
from robust_dml.evaluation.target import Target
from robust_dml.retrieval import rank

STANDING = -1  # the number of no member


@dataclass(frozen=True)
class Protocol:
    """The protocol at one radius on one model; `source` is the natural model, or None where there is none."""

    target: Target
    source: Target | None
    at: AttackAt
    settings: EvaluationConfig
    kept: Positions
    folder: Path
    """Where a killed run continues."""

    def run(self, start: Attacked) -> Attacked:
        """Return the worst case of the queries of `start`, which is clean or the result at a smaller radius.

        The gate of convergence starts from the result at this very radius, with twice the effort.
        """
        outcome = _Outcome(self.target, start)
        for member in doubled_members() if self.at.effort > 1 else MEMBERS:
            if not member.of_source or self.source is not None:
                self._try(member, outcome, "")
        for number in range(self.at.effort * MOST_ROUNDS):
            restart = RESTART.doubled() if self.at.effort > 1 else RESTART
            broken = self._try(restart, outcome, f"{number + 1}")
            if broken < CONVERGED * outcome.scored and number + 1 >= self.at.effort:
                break
        return outcome.found

    def _try(self, member: Member, outcome: _Outcome, round_name: str) -> int:
        """Run a member on the queries that stand; return how many of them it breaks."""
        standing = outcome.standing
        if not len(standing):
            return 0
        name = f"{member.name}{round_name}"
        work = partial(attack_batch, self._batch(member, name))
        title, settings = f"{self.at.label}: {name}", self.settings
        attempt = run_blocks(
            work, standing, self.folder / name, block=settings.block, batch=settings.batch, title=title
        )
        return outcome.add(attempt, member_names().index(member.name))

    def _batch(self, member: Member, name: str) -> AttackBatch:
        attack = AttackConfig(
            optimiser=member.optimiser,
            objective=member.objective,
            norm=self.at.attack.norm,
            epsilon=[self.at.epsilon],
            options=member.settings,
        )
        source = self.source if member.of_source and self.source is not None else self.target
        at = replace(self.at, config=attack)
        # Images made for another model are best made until the end: what breaks that model may not break this one.
        until = not member.of_source
        return AttackBatch(self.target, source, at, until, self.kept, ("standard", name, self.at.effort))


class _Outcome:
    """The best images found so far, and which queries still stand."""

    def __init__(self, target: Target, start: Attacked) -> None:
        self.target = target
        right, self.values = self._judge(start.embeddings, start.positions)
        known = start.member if len(start.member) else np.full(len(start.positions), STANDING)
        self.found = replace(start, member=known)
        self.open = right
        relevant = rank(target.queries.rows(target.tensor(start.positions)), target.gallery).scored
        self.scored = int(relevant.sum())

    @property
    def standing(self) -> Positions:
        """The positions of the queries whose nearest neighbour is still of their class."""
        return self.found.positions[self.open]

    def add(self, attempt: Attacked, member: int) -> int:
        """Keep the images that break a query, or that come closest to it; return how many queries are broken."""
        right, values = self._judge(attempt.embeddings, attempt.positions)
        rows = np.searchsorted(self.found.positions, attempt.positions)
        better = ~right | (values > self.values[rows])
        self.found = _merged(self.found, attempt, rows, better)
        self.values[rows[better]] = values[better]
        self.open[rows[~right]] = False
        self.found.member[rows[~right]] = member
        return int((~right).sum())

    def _judge(
        self, embeddings: NDArray[np.float32], positions: Positions
    ) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
        """Return whether the nearest neighbour is right, bool (B,), and the margin (B,).

        An embedding that is not finite is broken, with an infinite margin. A query with nothing to find is not right.
        """
        queries = self.target.queries.rows(self.target.tensor(positions))
        given = self.target.tensor(embeddings)
        failed = ~torch.isfinite(given).all(1)
        placed = queries.embedded_as(torch.where(failed[:, None], queries.embeddings, given))
        ranking = rank(placed, self.target.gallery).without(failed)
        with torch.no_grad():
            values = margin(queries, self.target.gallery)(placed.embeddings).double().masked_fill(failed, torch.inf)
        return (ranking.right & ranking.scored).cpu().numpy(), values.cpu().numpy()


def _merged(found: Attacked, attempt: Attacked, rows: Positions, better: NDArray[np.bool_]) -> Attacked:
    """Return `found` with the rows number `rows` replaced by those of `attempt` where it is `better`."""
    changes = {}
    for name in ("embeddings", "norm"):
        changes[name] = getattr(found, name).copy()
        changes[name][rows[better]] = getattr(attempt, name)[better]
    zero = found.zero_gradient.copy()
    zero[rows] |= attempt.zero_gradient
    shown = better[np.searchsorted(attempt.positions, attempt.image_positions)]
    images = found.images.copy()
    images[np.searchsorted(found.image_positions, attempt.image_positions[shown])] = attempt.images[shown]
    seconds = found.origin.seconds + attempt.origin.seconds
    return replace(
        found,
        **changes,
        zero_gradient=zero,
        images=images,
        member=found.member.copy(),
        origin=replace(found.origin, seconds=seconds),
    )


def subset(attacked: Attacked, positions: Positions) -> Attacked:
    """Return the result of the queries at `positions` alone, ascending, without images, and as if it took no time."""
    rows = np.searchsorted(attacked.positions, positions)
    return replace(
        attacked,
        positions=positions,
        embeddings=attacked.embeddings[rows],
        norm=attacked.norm[rows],
        zero_gradient=attacked.zero_gradient[rows],
        member=attacked.member[rows] if len(attacked.member) else attacked.member,
        image_positions=attacked.image_positions[:0],
        images=attacked.images[:0],
        origin=replace(attacked.origin, seconds=0.0),
    )
