"""Recall@1 of a model in training, clean and under the training's attack."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from robust_dml.attacks.objectives import repel
from robust_dml.attacks.registry import run_attack
from robust_dml.config.attacks import TrainingAttackConfig
from robust_dml.data.loading.dataset import Part
from robust_dml.metrics import retrieval_metrics
from robust_dml.retrieval.by_label import nearest_of_kinds
from robust_dml.retrieval.distances import distance
from robust_dml.runtime.progress import track
from robust_dml.runtime.randomness import sample_seeds
from robust_dml.training.distributed import Processes

BATCH = 256
ATTACK = {"optimiser": "pgd", "steps": 5, "step_size": None}  # whatever the training attack, as in the released code

Embed = Callable[[Tensor], Tensor]


class Validation:
    """Queries and a gallery, and what a model makes of them; both may be the same part.

    Recall@1 is that of the protocol `masked`. The attack is PGD with 5 steps at the training's epsilon, on the queries
    whose nearest neighbour is right, away from their nearest other positive; the noise is the same at each epoch.
    """

    def __init__(
        self, queries: Part, gallery: Part, attack: TrainingAttackConfig, seed: int, device: str, processes: Processes
    ) -> None:
        self.queries, self.gallery = queries, gallery
        self.attack = attack.model_copy(update=ATTACK)
        self.seed, self.device, self.processes = seed, device, processes
        self.query_labels, self.query_ids = self._tensor(queries.labels), self._tensor(queries.ids)
        self.gallery_labels, self.gallery_ids = self._tensor(gallery.labels), self._tensor(gallery.ids)

    def recalls(self, embed: Embed) -> tuple[float, float]:
        """Clean and adversarial recall@1."""
        gallery = self._embedded(embed, self.gallery)
        clean = gallery if self.queries is self.gallery else self._embedded(embed, self.queries)
        return self._recall(clean, gallery), self._recall(self._attacked(embed, clean, gallery), gallery)

    def recall(self, embed: Embed) -> float:
        """Clean recall@1."""
        gallery = self._embedded(embed, self.gallery)
        clean = gallery if self.queries is self.gallery else self._embedded(embed, self.queries)
        return self._recall(clean, gallery)

    def _recall(self, queries: Tensor, gallery: Tensor) -> float:
        return retrieval_metrics(
            queries,
            self.query_labels,
            gallery,
            self.gallery_labels,
            query_ids=self.query_ids,
            gallery_ids=self.gallery_ids,
        )["recall@1"]

    def _attacked(self, embed: Embed, clean: Tensor, gallery: Tensor) -> Tensor:
        """Embeddings (Q, d) of the queries, adversarial where the clean ones are right."""
        kinds = nearest_of_kinds(
            clean,
            self.query_labels,
            gallery,
            self.gallery_labels,
            query_ids=self.query_ids,
            gallery_ids=self.gallery_ids,
        )
        positive, negative = (positions.squeeze(1) for positions in kinds)
        nearer = distance(clean, gallery[positive]) <= distance(clean, gallery[negative])
        rows = ((positive >= 0) & (nearer | (negative < 0))).nonzero().flatten()
        share = self.processes.share(len(rows))
        mine = track(torch.split(rows[share], BATCH), title="attacking for the history", unit="batches")
        blocks = [self._attack(embed, block, gallery[positive[block]]) for block in mine]
        adversarial = clean.clone()
        found = torch.cat([clean[:0], *blocks])
        adversarial[rows] = self.processes.gather(found, len(rows))
        return adversarial

    def _attack(self, embed: Embed, rows: Tensor, references: Tensor) -> Tensor:
        images = self._images(self.queries, rows)
        seeds = sample_seeds(self.query_ids[rows], self.seed, "validation")
        objective = repel(references)
        found = run_attack(self.attack, embed, images, objective, epsilon=self.attack.epsilon, seeds=seeds)
        with torch.no_grad():
            return embed(found)

    @torch.no_grad()
    def _embedded(self, embed: Embed, part: Part) -> Tensor:
        rows = torch.arange(len(part))[self.processes.share(len(part))]
        blocks = track(torch.split(rows, BATCH), title="embedding for the history", unit="batches")
        embedded = torch.cat([embed(self._images(part, block)) for block in blocks])
        return self.processes.gather(embedded, len(part))

    def _images(self, part: Part, rows: Tensor) -> Tensor:
        return part.test_images(rows.cpu()).to(self.device).float() / 255

    def _tensor(self, values: object) -> Tensor:
        return torch.as_tensor(values).to(self.device)
