"""EAT, ensemble adversarial training: a RECONSTRUCTION from the abstract of Ke (arXiv 2501.01025), not the method.

Known are: several networks, made different by other splits of the data, that learn from each other's adversarial
examples by a proxy loss. The rest is a guess. Here each image of a batch belongs to the split of one network, drawn
again for each batch. A network has its own proxies and the proxy anchor loss (Kim et al., CVPR 2020; scale 32, margin
0.1); the attack raises it for the images of its split; it learns from its clean images and from the adversarial images
of all networks. The study's loss and miner are not used. It needs a backbone of kind `ensemble`, whose embedding is the
mean.

eat: {method: eat, backbone: three, attack: {optimiser: pgd, epsilon: 8/255, steps: 5}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from robust_dml.attacks.frozen import frozen
from robust_dml.records import Method
from robust_dml.runtime.lazy import Tensor, torch
from robust_dml.runtime.options import Options
from robust_dml.runtime.randomness import torch_generator
from robust_dml.runtime.section import Number
from robust_dml.training.inner import only_pgd, perturb
from robust_dml.training.methods import FORWARD_AND_BACKWARD, PlainMethod

if TYPE_CHECKING:
    from robust_dml.models.embedding import EmbeddingModel
    from robust_dml.training.step import TrainingStep


class EatOptions(Options):
    """The settings of the reconstruction."""

    scale: Number = Field(32.0, gt=0, description="of the proxy anchor loss")
    margin: Number = Field(0.1, ge=0, description="of the proxy anchor loss, in cosines")


class Eat(PlainMethod):
    """The method, with the proxies of each network."""

    def __init__(self, options: EatOptions) -> None:
        self.options = options

    def prepare(self, model: EmbeddingModel, classes: int, seed: int) -> None:
        """Create random proxies. Raises UserError if the model is no ensemble."""
        from robust_dml.models.ensemble import members_of

        self.members = members_of(model)
        with torch.no_grad():
            size = self.members[0](torch.zeros(1, 3, 32, 32).to(model.mean)).shape[1]
        draws = torch.randn(len(self.members), classes, size, generator=torch_generator(seed, "proxies"))
        self.proxies = torch.nn.Parameter(draws.to(model.mean))

    def parameters(self) -> dict[str, torch.nn.Parameter]:
        """Return the proxies (K, classes, d)."""
        return {"proxies": self.proxies}

    def loss(self, step: TrainingStep) -> Tensor:
        """Return the sum over networks of the loss of their own clean and of all adversarial images."""
        split = (step.draw(len(step.labels), "split") * len(self.members)).long()
        moved = torch.empty_like(step.images)
        for number in range(len(self.members)):
            own = split == number
            if own.any():
                moved[own] = self._attacked(step, number, own)
        losses = [self._learned(step, number, split == number, moved) for number in range(len(self.members))]
        return torch.stack(losses).sum()

    def _attacked(self, step: TrainingStep, number: int, own: Tensor) -> Tensor:
        proxies, labels = self.proxies[number].detach(), step.labels[own]
        with frozen(self.members[number]) as embed:
            return perturb(
                step,
                step.images[own],
                lambda embeddings: -self._proxy_anchor(embeddings, labels, proxies),
                embed=embed,
                random_start=True,
            )

    def _learned(self, step: TrainingStep, number: int, own: Tensor, moved: Tensor) -> Tensor:
        images, labels = torch.cat([step.images[own], moved]), torch.cat([step.labels[own], step.labels])
        return self._proxy_anchor(self.members[number](images), labels, self.proxies[number])

    def _proxy_anchor(self, embeddings: Tensor, labels: Tensor, proxies: Tensor) -> Tensor:
        return proxy_anchor(embeddings, labels, proxies, self.options.scale, self.options.margin)


def proxy_anchor(embeddings: Tensor, labels: Tensor, proxies: Tensor, scale: float, margin: float) -> Tensor:
    """Return the proxy anchor loss of embeddings (B, d) with labels (B,) and proxies (classes, d)."""
    cosines = embeddings @ torch.nn.functional.normalize(proxies).T
    own = torch.nn.functional.one_hot(labels, len(proxies)).bool()
    nothing = torch.zeros(1, len(proxies), device=cosines.device, dtype=cosines.dtype)
    pull = torch.cat([nothing, (-scale * (cosines - margin)).masked_fill(~own, -torch.inf)]).logsumexp(0)
    push = torch.cat([nothing, (scale * (cosines + margin)).masked_fill(own, -torch.inf)]).logsumexp(0)
    return pull[own.any(0)].mean() + push.mean()


ENTRY = Method(
    label="EAT (reconstruction)",
    summary="networks that learn from each other's adversarial images; reconstructed from an abstract",
    options=EatOptions,
    family="rival",
    build=Eat,
    passes=lambda config, attack: 0.5 * attack + 1.5 * FORWARD_AND_BACKWARD,
    attacks=True,
    refuses=only_pgd,
)
