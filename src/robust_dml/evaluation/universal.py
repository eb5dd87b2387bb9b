"""Recall@1 of queries under one change, which is learned on images of training, and under a random one of its size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from robust_dml.attacks.objectives import margin, repel
from robust_dml.attacks.universal import Change, Lesson, learn, random_content
from robust_dml.evaluation.readings import Reading, mean_reading
from robust_dml.retrieval.items import Items
from robust_dml.retrieval.ranking import rank, rank_attacked
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.lazy import Tensor, torch
from robust_dml.runtime.options import Options
from robust_dml.runtime.randomness import sample_seeds
from robust_dml.runtime.section import Integer

if TYPE_CHECKING:
    from robust_dml.data.loading.dataset import Part
    from robust_dml.evaluation.target import Target

BATCH = 128
CLASSES = 4  # two to learn on, two to judge by: one class alone has no wrong neighbour


class Learning(Options):
    """How a change is learned."""

    steps: Integer = Field(
        200, ge=1, le=100_000, description="gradient steps of each objective, a batch of images each"
    )
    images: Integer = Field(1024, ge=2, le=1_000_000, description="training images to learn on, evenly spaced, at most")


def measure_changes(target: Target, options: Learning, changes: Mapping[float, Change], name: str) -> Iterator[Reading]:
    """Yield recall@1 of clean queries, and by level under a learned and a random change, against a clean gallery.

    A dataset without training images lends the queries of a half of its classes, and those of the other half judge.
    Raises UserError if there are too few classes for that.
    """
    part, judges = _sides(target)
    queries = target.queries.rows(target.tensor(judges.numpy()))
    clean = rank(queries, target.gallery)
    labels = queries.labels[clean.scored]
    yield mean_reading("clean", 0.0, "recall@1", clean.right[clean.scored], labels)
    school = _School(target, options, part)
    for level, change in changes.items():
        random = school.random(change)
        for setting, content in {f"random {name}": random, name: school.learned(change, random)}.items():
            embeddings = _embedded(target, target.part, judges, change, content)
            right = rank_attacked(queries, embeddings, target.gallery).right
            yield mean_reading(setting, level, "recall@1", right[clean.scored], labels)


def _sides(target: Target) -> tuple[Part, Tensor]:
    """Return the images to learn on, and the positions of the queries that judge; they have no class in common."""
    training, queries = target.training(), target.part
    if training is not None:
        return training, torch.arange(len(queries))
    labels, classes = torch.from_numpy(queries.labels), torch.from_numpy(np.unique(queries.labels))
    if len(classes) < CLASSES:
        raise UserError(
            f"the dataset has no training images, and its queries are of {len(classes)} classes; expected {CLASSES} or"
            " more, so that a change can be learned on a half of them and judged on the other"
        )
    order = sample_seeds(classes, target.seed, "universal").argsort(stable=True)
    lent = torch.isin(labels, classes[order[: len(classes) // 2]])
    return queries.rows(np.flatnonzero(lent)), torch.nonzero(~lent).flatten()


@dataclass(frozen=True)
class _School:
    """Images to learn on, and what is learned on them."""

    target: Target
    options: Learning
    part: Part

    @cached_property
    def rows(self) -> Tensor:
        """The positions in the part of the images to learn on."""
        from robust_dml.evaluation.sample import evenly_spaced

        return torch.from_numpy(evenly_spaced(len(self.part), self.options.images))

    @cached_property
    def items(self) -> Items:
        """These images, clean."""
        chosen, target = self.rows.numpy(), self.target
        with torch.no_grad():
            parts = [target.embed(_pixels(target, self.part, rows)).float() for rows in torch.split(self.rows, BATCH)]
        labels, ids = (target.tensor(column[chosen]) for column in (self.part.labels, self.part.ids))
        return Items(torch.cat(parts), labels, ids)

    def random(self, change: Change) -> Tensor:
        """Return a random content of a change."""
        image = _pixels(self.target, self.part, self.rows[:1])[0]
        return random_content(change, image, self.target.seed)

    def learned(self, change: Change, random: Tensor) -> Tensor:
        """Return the content under which most of these images lose their neighbours: the random one, or a learned one.

        It is learned twice, on the shift of the embedding and on the margin.
        """
        items, target = self.items, self.target
        lesson = Lesson(
            target.embed, lambda rows: _pixels(target, self.part, self.rows[rows.cpu()]), items.ids, target.seed
        )
        objectives = (repel(items.embeddings), margin(items, items))
        contents = [random, *(learn(change, random, lesson, each, self.options.steps) for each in objectives)]
        return min(contents, key=lambda content: self._right(change, content))

    def _right(self, change: Change, content: Tensor) -> float:
        embeddings = _embedded(self.target, self.part, self.rows, change, content)
        ranking = rank_attacked(self.items, embeddings, self.items)
        return float(ranking.right[ranking.scored].double().mean())


def _embedded(target: Target, part: Part, positions: Tensor, change: Change, content: Tensor) -> Tensor:
    """Return the embeddings (B, d) of changed images; places are a function of their ids."""
    found = []
    with torch.no_grad():
        for rows in torch.split(positions, BATCH):
            seeds = sample_seeds(target.tensor(part.ids[rows.numpy()]), target.seed, "place")
            found.append(target.embed(change.apply(content, _pixels(target, part, rows), seeds)).float())
    return torch.cat(found)


def _pixels(target: Target, part: Part, rows: Tensor) -> Tensor:
    from robust_dml.models.embed_part import as_pixels

    return as_pixels(part.test_images(rows), target.device, target.layout)
