"""Recall@1 of a model in training, clean and under PGD."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from robust_dml.attacks.balls import BALLS
from robust_dml.attacks.frozen import Embed
from robust_dml.attacks.objectives import repel
from robust_dml.attacks.problem import Problem
from robust_dml.config.attacks import TrainingAttackConfig
from robust_dml.data.loading.dataset import Part
from robust_dml.models.embed_part import as_pixels, embed_part
from robust_dml.retrieval.by_label import nearest_by_label
from robust_dml.retrieval.distances import distance
from robust_dml.retrieval.items import Items
from robust_dml.retrieval.ranking import Ranking, rank, rank_attacked
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.progress import track
from robust_dml.runtime.randomness import sample_seeds
from robust_dml.training.distributed import Processes
from robust_dml.training.divergence import relative_spread

BATCH = 256
STEPS = 5  # of PGD, whatever the training's attack, as in the released code


@dataclass(frozen=True)
class Recalls:
    """Recall@1 of a model, and the relative spread of its clean embeddings."""

    clean: float
    adversarial: float
    spread: float


class Validation:
    """Queries and a gallery, which may be the same part; a model is compared on them after an epoch.

    Recall@1 follows the protocol `masked`. The attack is PGD with 5 steps at the training's epsilon, on the queries
    whose nearest neighbour is right, away from their nearest other positive; its random starts are the same at each
    epoch. It is on `attacked` of the queries, spread over the classes and the same at each epoch, or on all.
    """

    def __init__(
        self,
        queries: Part,
        gallery: Part,
        attack: TrainingAttackConfig,
        seed: int,
        device: str,
        processes: Processes,
        attacked: int | None = None,
    ) -> None:
        self.queries, self.gallery = queries, gallery
        self.attack = TrainingAttackConfig(
            optimiser="pgd", norm=attack.norm, epsilon=attack.epsilon, options={"steps": STEPS}
        )
        self.seed, self.device, self.processes = seed, device, processes
        self.sample = torch.from_numpy(spread_over_classes(queries.labels, attacked or len(queries))).to(device)

    def recalls(self, embed: Embed) -> Recalls:
        """Return clean and adversarial recall@1. Raises UserError if clean embeddings are not finite."""
        queries, gallery = self._items(embed)
        sample = queries.rows(self.sample)
        attacked = rank_attacked(sample, self._attacked(embed, sample, gallery), gallery)
        return Recalls(_recall(rank(queries, gallery)), _recall(attacked), relative_spread(queries.embeddings))

    def recall(self, embed: Embed) -> float:
        """Return clean recall@1. Raises UserError if clean embeddings are not finite."""
        return _recall(rank(*self._items(embed)))

    def _items(self, embed: Embed) -> tuple[Items, Items]:
        queries = self._embedded(embed, self.queries)
        return queries, queries if self.gallery is self.queries else self._embedded(embed, self.gallery)

    def _embedded(self, embed: Embed, part: Part) -> Items:
        embeddings = embed_part(embed, part, self.device, batch=BATCH, processes=self.processes)
        failed = int((~embeddings.isfinite().all(1)).sum())
        if failed:
            raise UserError(
                f"validation: the embeddings of {failed} of {len(part)} images are not finite; lower learning_rate"
            )
        return Items.of(embeddings, part)

    def _attacked(self, embed: Embed, queries: Items, gallery: Items) -> Tensor:
        """Return the embeddings (S, d) of the queries at `sample`, adversarial where the clean ones are right."""
        positive, negative = (found.positions.squeeze(1) for found in nearest_by_label(queries, gallery))
        clean = queries.embeddings
        nearer = distance(clean, gallery.embeddings[positive]) <= distance(clean, gallery.embeddings[negative])
        rows = ((positive >= 0) & (nearer | (negative < 0))).nonzero().flatten()
        share = self.processes.share(len(rows))
        mine = track(torch.split(rows[share], BATCH), title="attacking for the history", unit="batches")
        blocks = [self._attack(embed, block, queries.ids[block], gallery.embeddings[positive[block]]) for block in mine]
        found = self.processes.gather(torch.cat([clean[:0], *blocks]), len(rows))
        adversarial = clean.clone()
        adversarial[rows] = found
        return adversarial

    def _attack(self, embed: Embed, rows: Tensor, ids: Tensor, references: Tensor) -> Tensor:
        images = as_pixels(self.queries.test_images(self.sample[rows].cpu()), self.device)
        ball = BALLS[self.attack.norm](self.attack.epsilon)
        seeds = sample_seeds(ids, self.seed, "validation")
        problem = Problem(embed, images, repel(references), ball, seeds, keep="last")
        found: Tensor = self.attack.record.attack(problem, self.attack.options)
        with torch.no_grad():
            return embed(found)


def spread_over_classes(labels: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Return at most `count` positions of `labels` (N,), ascending, evenly spaced in the order of classes."""
    by_class = np.argsort(labels, kind="stable")
    places = np.linspace(0, len(labels) - 1, min(count, len(labels))).round().astype(np.int64)
    found: NDArray[np.int64] = np.sort(by_class[places])
    return found


def _recall(ranking: Ranking) -> float:
    return float(ranking.right[ranking.scored].double().mean())
