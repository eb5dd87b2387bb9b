"""ERS, the empirical robustness score (Zhou & Patel, CVPR 2022): the mean of ten normalised scores of eight attacks.

A collapsed model scores high: its embeddings cannot be shifted, though it retrieves nothing. So a score here always
comes with clean recall@1 and a flag for collapse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from robust_dml.runtime.lazy import Tensor, torch

NEAR_ONE = 0.99  # mean cosine between embeddings of different images
NEAR_CHANCE = 2.0  # times the recall@1 of a random ranking


@dataclass(frozen=True)
class RankingScores:
    """What the eight attacks leave: in percent, but for `tma` (cosine) and `shift` (distance)."""

    ca_plus: float
    ca_minus: float
    qa_plus: float
    qa_minus: float
    tma: float
    shift: float
    es_recall: float
    ltm: float
    gtm: float
    gtt: float

    def normalised(self) -> tuple[float, ...]:
        """Return the ten scores, in the order of the fields, as ERS counts them: 100 is robust; nothing is clipped."""
        return (
            2 * self.ca_plus,
            100 - self.ca_minus,
            2 * self.qa_plus,
            100 - self.qa_minus,
            100 * (1 - self.tma),
            50 * (2 - self.shift),
            self.es_recall,
            self.ltm,
            self.gtm,
            self.gtt,
        )

    def ers(self) -> float:
        """Return their mean."""
        return sum(self.normalised()) / len(self.normalised())


def scores_of(shares: Sequence[float]) -> RankingScores:
    """Return the scores from ten numbers in the order of the fields: shares, but for `tma` and `shift`."""
    names = [field.name for field in fields(RankingScores)]
    scales = [1 if name in ("tma", "shift") else 100 for name in names]
    return RankingScores(*(value * scale for value, scale in zip(shares, scales, strict=True)))


@dataclass(frozen=True)
class RobustnessScore:
    """An ERS beside what it must never be read without."""

    ers: float
    recall: float
    """Clean recall@1, a share."""
    chance: float
    """Recall@1 of a random ranking."""
    cosine: float
    """Mean cosine between clean embeddings of different images."""

    @property
    def collapsed(self) -> bool:
        """Whether the score rewards embeddings that are nearly one point, or a ranking near chance."""
        return self.cosine > NEAR_ONE or self.recall < NEAR_CHANCE * self.chance


def mean_cosine(embeddings: Tensor) -> float:
    """Return the mean cosine between different embeddings (N, d), N > 1."""
    unit = torch.nn.functional.normalize(embeddings.double())
    count = len(unit)
    return float((unit.sum(0).square().sum() - count) / (count * (count - 1)))
