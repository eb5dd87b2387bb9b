"""The algorithm of the code published with arXiv 2102.07265, written out plainly, with which ours is compared.

fp32, NCHW, eager, libraries as the released code uses them: miner, losses and metrics of pytorch-metric-learning,
images by torchvision's ImageFolder and transforms, Adam without fusing. Nothing is left out and nothing slowed down.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

EPSILON, STEPS = 0.01, 5
LEARNING_RATE, WEIGHT_DECAY = 1e-5, 4e-4

Tuples = tuple[Tensor, Tensor, Tensor]
Objective = Callable[[Tensor], Tensor]
Transform = Callable[[object], Tensor]


def resnet50(embedding: int = 128) -> nn.Module:
    """Return the released backbone, (B, 3, H, W) -> (B, embedding) on the unit sphere, with random weights."""
    from torchvision.models import resnet50

    network = resnet50()
    network.fc = nn.Linear(network.fc.in_features, embedding)
    return Normalized(network).eval()


class Normalized(nn.Module):
    """A network whose outputs (B, d) are scaled to length one."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        return functional.normalize(self.network(images))


class ReleasedTraining:
    """A model with what its robust training steps need; the positive of each tuple is perturbed."""

    def __init__(
        self, model: nn.Module, loss: nn.Module, *, epsilon: float = EPSILON, learning_rate: float = LEARNING_RATE
    ) -> None:
        from pytorch_metric_learning.miners import DistanceWeightedMiner

        self.model, self.loss, self.epsilon = model, loss, epsilon
        self.miner = DistanceWeightedMiner(cutoff=0.5, nonzero_loss_cutoff=1.4)
        self.optimiser = torch.optim.Adam(
            model.parameters(), lr=learning_rate, weight_decay=WEIGHT_DECAY, fused=False, foreach=False
        )

    def step(self, images: Tensor, labels: Tensor) -> Tensor:
        """Make one step on images (B, 3, H, W) in [0, 1] with labels (B,); return the loss.

        The first forward pass serves mining alone, although it records a graph; the loss embeds everything again.
        """
        embeddings = self.model(images)
        with torch.no_grad():
            anchor, positive, negative = self.mine(embeddings, labels)
            self.loss(embeddings, labels, (anchor, positive, negative))  # for the log
        adversarial = self.attack(images[positive], repel(embeddings[anchor]))
        everything = torch.cat([images, adversarial])
        redirected = torch.arange(len(adversarial), device=labels.device) + len(images)
        labels = torch.cat([labels, labels[positive]])
        loss: Tensor = self.loss(self.model(everything), labels, (anchor, redirected, negative))
        self.optimiser.zero_grad()
        torch.autograd.backward(loss)
        self.optimiser.step()
        return loss.detach()

    def mine(self, embeddings: Tensor, labels: Tensor) -> Tuples:
        """Return at most one tuple of each anchor."""
        return one_per_anchor(self.miner(embeddings, labels))

    def attack(self, images: Tensor, objective: Objective) -> Tensor:
        """Attack the model by PGD; its parameters take no gradient meanwhile."""
        self.freeze()
        found = pgd(self.model, images.detach().clone(), objective, self.epsilon)
        for parameter in self.model.parameters():
            parameter.requires_grad_(True)
        return found

    def freeze(self) -> None:
        """Disable and delete the gradients of parameters."""
        for parameter in self.model.parameters():
            parameter.requires_grad_(False)
            parameter.grad = None


def one_per_anchor(tuples: Tuples) -> Tuples:
    """Return one of the tuples of each anchor, drawn uniformly, anchor by anchor."""
    anchor, positive, negative = tuples
    drawn = torch.cat([torch.multinomial((anchor == one).float(), 1) for one in torch.unique(anchor)])
    return anchor[drawn], positive[drawn], negative[drawn]


def repel(references: Tensor) -> Objective:
    """Return the distance to `references` (B, d), per sample."""
    references = references.detach()
    return lambda embeddings: functional.pairwise_distance(embeddings, references)


def pgd(
    model: Callable[[Tensor], Tensor],
    images: Tensor,
    objective: Objective,
    epsilon: float,
    *,
    steps: int = STEPS,
    restarts: int = 1,
) -> Tensor:
    """Attack in the l_inf ball by an SGD optimiser on signs; a last forward pass chooses among the restarts."""
    highest = torch.full((len(images),), -torch.inf, device=images.device)
    result = torch.zeros_like(images)
    for _ in range(restarts):
        x = climb(model, images, objective, epsilon, steps)
        with torch.no_grad():
            values = objective(model(x))
            better = values >= highest
            result[better] = x[better]
            highest = torch.max(highest, values)
    return result


def climb(
    model: Callable[[Tensor], Tensor], images: Tensor, objective: Objective, epsilon: float, steps: int
) -> Tensor:
    """Run one restart; return the last iterate."""
    x = (images + torch.empty_like(images).uniform_(-epsilon, epsilon)).requires_grad_(True)
    optimiser = torch.optim.SGD([x], lr=2 * epsilon / steps)
    for _ in range(steps):
        optimiser.zero_grad()
        torch.autograd.backward(-objective(model(x)).mean())
        assert x.grad is not None
        x.grad = x.grad.sign()
        optimiser.step()
        x.data = torch.clamp(torch.max(torch.min(x.data, images + epsilon), images - epsilon), 0, 1)
    return x


def train_transform(size: int) -> Transform:
    """Return a function from a PIL image to a training image, (3, size, size) in [0, 1]."""
    from torchvision import transforms

    crop = transforms.RandomResizedCrop(size, scale=(0.6, 1.0))
    composed: Transform = transforms.Compose([crop, transforms.RandomHorizontalFlip(), transforms.ToTensor()])
    return composed


def test_transform(size: int, resize: int) -> Transform:
    """Return a function from a PIL image to a test image, (3, size, size) in [0, 1]."""
    from torchvision import transforms

    steps = [transforms.Resize(resize), transforms.CenterCrop(size), transforms.ToTensor()]
    composed: Transform = transforms.Compose(steps)
    return composed


def metrics(embeddings: Tensor, labels: Tensor) -> dict[str, float]:
    """Return the metrics of a gallery that is its own set of queries, (N, d) and (N,), by AccuracyCalculator."""
    from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator

    wanted = ("precision_at_1", "r_precision", "mean_average_precision_at_r")
    calculator = AccuracyCalculator(include=wanted, k="max_bin_count", device=torch.device("cpu"))
    found = calculator.get_accuracy(embeddings, labels)
    names = ("recall@1", "r-precision", "map@r")
    return {name: float(found[key]) for name, key in zip(names, wanted, strict=True)}
