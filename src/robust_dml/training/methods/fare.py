"""FARE (Schlarmann et al., ICML 2024): adversarial embeddings stay where a frozen teacher puts the clean images.

No labels are used: the loss is the mean of ||f(x~) - teacher(x)||^2, plus `clean` times the same of clean images, and
the attack raises it by signed steps with momentum 0.9 from a random start. The teacher is the model as its backbone
builds it, for pre-trained weights; `natural_epochs` trains it first, naturally, within the epochs of the training.
Unlike the released code, the start is cut to [0, 1]. As released, embeddings are not normalised: take a backbone with
`normalize_embedding: false`.

fare: {method: fare, natural_epochs: 20, attack: {optimiser: pgd, epsilon: 4/255, step_size: 0.00392, steps: 10}}
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic import Field

from robust_dml.records import Method
from robust_dml.runtime.lazy import Tensor, torch
from robust_dml.runtime.options import Options
from robust_dml.runtime.section import Integer, Number, Share
from robust_dml.training.inner import only_pgd, perturb
from robust_dml.training.methods import FORWARD_AND_BACKWARD, PlainMethod

if TYPE_CHECKING:
    from robust_dml.models.embedding import EmbeddingModel
    from robust_dml.training.step import TrainingStep


class FareOptions(Options):
    """The settings of FARE."""

    natural_epochs: Integer = Field(0, ge=0, description="natural training before the teacher is frozen")
    clean: Number = Field(0.0, ge=0, description="weight of the same loss of clean images")
    momentum: Share = Field(0.9, description="of the attack")


class Fare(PlainMethod):
    """The method, with its teacher."""

    def __init__(self, options: FareOptions) -> None:
        self.options = options

    def prepare(self, model: EmbeddingModel, classes: int, seed: int) -> None:
        """Take the model as it is for the teacher."""
        self.teacher = copy.deepcopy(model).eval().requires_grad_(False)
        self.frozen = torch.tensor(self.options.natural_epochs == 0)

    def loss(self, step: TrainingStep) -> Tensor:
        """Return the natural loss while the teacher learns, then the distance of the batch to the teacher's."""
        if step.epoch < self.options.natural_epochs:
            embeddings = step.embed(step.images)
            return step.loss(embeddings, step.labels, step.mine(embeddings))
        if not self.frozen:
            self.teacher.load_state_dict(step.forward.model.state_dict())
            self.frozen = torch.tensor(True)
        with torch.no_grad():
            wanted = self.teacher(step.images)
        moved = perturb(
            step,
            step.images,
            lambda embeddings: -squared_shift(embeddings, wanted),
            random_start=True,
            momentum=self.options.momentum,
        )
        loss = squared_shift(step.embed(moved), wanted)
        if self.options.clean:
            loss = loss + self.options.clean * squared_shift(step.embed(step.images), wanted)
        return loss

    def state(self) -> dict[str, Tensor]:
        """Return the teacher, and whether it is frozen."""
        return {"frozen": self.frozen, **{f"teacher/{name}": w for name, w in self.teacher.state_dict().items()}}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Restore the teacher."""
        self.frozen = state["frozen"]
        prefix = "teacher/"
        weights = {name.removeprefix(prefix): w for name, w in state.items() if name.startswith(prefix)}
        self.teacher.load_state_dict(weights)


def squared_shift(embeddings: Tensor, wanted: Tensor) -> Tensor:
    """Return the mean over the batch of the squared distance between embeddings (B, d)."""
    return (embeddings - wanted).square().sum(1).mean()


ENTRY = Method(
    label="FARE",
    summary="adversarial embeddings stay where a frozen teacher puts the clean images (Schlarmann et al., ICML 2024)",
    options=FareOptions,
    family="rival",
    build=Fare,
    passes=lambda config, attack: 1 + attack + FORWARD_AND_BACKWARD,
    attacks=True,
    refuses=only_pgd,
)
