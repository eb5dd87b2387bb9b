"""The objectives of a study, for the queries of an evaluation."""

from __future__ import annotations

import torch
from torch import Tensor

from robust_dml.attacks.objectives import Margin, attract, margin, repel
from robust_dml.attacks.objectives import Objective as Function
from robust_dml.config.attacks import Objective
from robust_dml.evaluation.target import Subject


def objective_for(kind: Objective, subject: Subject, positions: Tensor) -> Function:
    """The objective named `kind` for the queries at `positions` (B,).

    References are chosen by the clean embeddings, but for the margin, which chooses anew at each step. A query
    without a positive or without a negative has its own clean embedding as reference.
    """
    own = subject.queries.embeddings[positions]
    top = margin_for(subject, positions)
    if kind == "margin":
        return top
    positive, negative = (positions[:, 0] for positions in top.nearest(own))
    if kind == "repel-positive":
        return repel(_or_own(positive, subject, own))
    if kind == "attract-negative":
        return attract(_or_own(negative, subject, own))
    return repel(own)


def margin_for(subject: Subject, positions: Tensor) -> Margin:
    """The top-1 margin of the queries at `positions`: above zero where the nearest neighbour is wrong."""
    return margin(
        subject.queries.labels[positions],
        subject.gallery.embeddings,
        subject.gallery.labels,
        query_ids=subject.queries.ids[positions],
        gallery_ids=subject.gallery.ids,
    )


def _or_own(positions: Tensor, subject: Subject, own: Tensor) -> Tensor:
    return torch.where(positions[:, None] >= 0, subject.gallery.embeddings[positions], own)
