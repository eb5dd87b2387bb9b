"""Gallery margin: a query is perturbed against a clean gallery, by the margin that decides retrieval.

Every image of the batch is a query; its gallery is all other images of the batch, clean, and the `bank` of clean
embeddings of the batches before, of which only other classes count, since an image may be in both. The margin is

    m(x) = S(other classes) - S(own class),  S(C) = temperature * log sum over g in C of exp(cos(x, g) / temperature),

a smooth form of the nearest wrong minus the nearest right similarity. The inner problem raises m for each image alone.
The outer loss is the mean over queries of temperature * log(1 + exp((m(x~) + margin) / temperature)), where the gallery
learns as well, plus `clean` times the same of the clean queries, which keeps the embeddings apart.

ours: {method: gallery-margin, temperature: 0.1, clean: 0.5, attack: {optimiser: pgd, epsilon: 4/255, steps: 4}}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pydantic import Field

from robust_dml.attacks.objectives import Objective
from robust_dml.records import Method
from robust_dml.runtime.lazy import Tensor, torch
from robust_dml.runtime.options import Options
from robust_dml.runtime.section import Integer, Number
from robust_dml.training.defence import unit
from robust_dml.training.methods import FORWARD_AND_BACKWARD, NoTuplesError, PlainMethod

if TYPE_CHECKING:
    from robust_dml.config.training import TrainingConfig
    from robust_dml.training.step import TrainingStep


class GalleryMarginOptions(Options):
    """The settings of the method."""

    temperature: Number = Field(0.1, gt=0, description="of the soft maximum of cosines")
    margin: Number = Field(0.0, ge=0, description="of cosines, by which the own class should lead")
    clean: Number = Field(0.5, ge=0, description="weight of the loss of clean queries")
    bank: Integer = Field(0, ge=0, description="batches whose clean embeddings stay in the gallery")


class GalleryMargin(PlainMethod):
    """The method, with its bank: clean embeddings (G, d) and labels (G,) of the last batches."""

    def __init__(self, options: GalleryMarginOptions) -> None:
        self.options = options
        self.embeddings, self.labels = torch.zeros(0, 0), torch.zeros(0, dtype=torch.int64)

    def loss(self, step: TrainingStep) -> Tensor:
        """Return the loss of adversarial and clean queries. Raises NoTuplesError if no class has two images."""
        clean = unit(step.embed(step.images))
        margin = self.margin_of(clean, step.labels)
        if not margin.same.any(1).all() or not margin.other.any(1).all():
            raise NoTuplesError
        adversarial = step.attack(step.images, margin.constant())
        loss = self.hinge(margin(step.embed(adversarial)))
        if self.options.clean:
            loss = loss + self.options.clean * self.hinge(margin(clean))
        self.remember(clean.detach(), step.labels)
        return loss

    def margin_of(self, clean: Tensor, labels: Tensor) -> SoftMargin:
        """Return the margin of the images of a batch with embeddings (B, d), against the batch and the bank."""
        own = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
        same = labels[:, None] == labels
        bank, known = self.embeddings.to(clean), self.labels.to(labels)
        if len(known) == 0:
            return SoftMargin(clean, same & ~own, ~same, self.options.temperature)
        absent = torch.zeros(len(labels), len(known), dtype=torch.bool, device=labels.device)
        return SoftMargin(
            torch.cat([clean, bank]),
            torch.cat([same & ~own, absent], 1),
            torch.cat([~same, labels[:, None] != known], 1),
            self.options.temperature,
        )

    def hinge(self, margins: Tensor) -> Tensor:
        """Return the mean of smoothly hinged margins (B,)."""
        scale = self.options.temperature
        return scale * torch.nn.functional.softplus((margins + self.options.margin) / scale).mean()

    def remember(self, clean: Tensor, labels: Tensor) -> None:
        """Add a batch to the bank, in place of the oldest."""
        most = self.options.bank * len(labels)
        if most:
            kept = torch.cat([self.embeddings.to(clean), clean]) if len(self.labels) else clean
            self.embeddings, self.labels = kept[-most:], torch.cat([self.labels.to(labels), labels])[-most:]

    def state(self) -> dict[str, Tensor]:
        """Return the bank."""
        return {"embeddings": self.embeddings, "labels": self.labels}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Restore the bank."""
        self.embeddings, self.labels = state["embeddings"], state["labels"]


@dataclass(frozen=True)
class SoftMargin(Objective):
    """The soft margin of queries (B, d) against `gallery` (G, d); `same` and `other` (B, G) say what counts as what."""

    gallery: Tensor
    same: Tensor
    other: Tensor
    temperature: float

    def __call__(self, embeddings: Tensor) -> Tensor:
        similarities = unit(embeddings) @ self.gallery.T / self.temperature
        wrong, right = (similarities.where(mask, -torch.inf).logsumexp(1) for mask in (self.other, self.same))
        return self.temperature * (wrong - right)

    def rows(self, index: Tensor) -> SoftMargin:
        return replace(self, same=self.same[index], other=self.other[index])

    def constant(self) -> SoftMargin:
        """Return the same with a gallery that collects no gradient."""
        return replace(self, gallery=self.gallery.detach())


def gallery_margin_passes(config: TrainingConfig, attack: float) -> float:
    """Return the cost of a step: clean batch, attack on every image, adversarial batch."""
    return FORWARD_AND_BACKWARD + attack + FORWARD_AND_BACKWARD


ENTRY = Method(
    label="gallery margin",
    summary="every image is moved as a query against all other clean images of the batch, by a soft margin",
    options=GalleryMarginOptions,
    family="rival",
    build=GalleryMargin,
    passes=gallery_margin_passes,
    attacks=True,
)
