"""The passes that a plan states against those that the code makes, counted."""

import pytest
import torch
from torch import Tensor

from robust_dml.attacks import LinfBall
from robust_dml.attacks.frozen import Embed
from robust_dml.attacks.objectives import repel
from robust_dml.attacks.problem import Problem
from robust_dml.config.attacks import AttackConfig
from robust_dml.config.data import DatasetConfig
from robust_dml.config.training import TrainingConfig
from robust_dml.miners.distance_weighted import DistanceWeightedMiner
from robust_dml.planning.passes import _step_passes, images_of
from training.tiny_model import loss_of, make_step, tiny_model


class Counter:
    """Counts an image's forward pass as 1, its backward pass as 1, or as 2 where the weights learn."""

    passes = 0.0

    def watch(self, embed: Embed, *, learns: bool) -> Embed:
        """`embed`, counted."""

        def counted(images: Tensor) -> Tensor:
            embeddings = embed(images)
            self.passes += len(images)
            if embeddings.requires_grad:
                embeddings.register_hook(lambda gradient: self._backward(len(images) * (2 if learns else 1)))
            return embeddings

        return counted

    def _backward(self, passes: int) -> None:
        self.passes += passes


@pytest.mark.parametrize(
    "config",
    [
        {"optimiser": "fgsm"},
        {"optimiser": "r-fgsm"},
        {"optimiser": "pgd", "steps": 7},
        {"optimiser": "pgd", "steps": 4, "restarts": 3},
        {"optimiser": "apgd", "steps": 6},
        {"optimiser": "carlini-wagner", "steps": 5, "search_steps": 3},
        {"optimiser": "square", "steps": 9},
        {"optimiser": "noise", "steps": 5},
        {"optimiser": "transfer", "steps": 3, "restarts": 2, "source": "natural"},
    ],
)
def test_passes_of_an_attack(config: dict[str, object]) -> None:
    attack = AttackConfig(epsilon=[0.1], **config)  # type: ignore[arg-type]
    model = tiny_model().eval()
    images = torch.rand(6, 3, 8, 8, dtype=torch.float64)
    references = model(torch.rand(6, 3, 8, 8, dtype=torch.float64)).detach()
    counter = Counter()
    embed = counter.watch(model.requires_grad_(False), learns=False)
    attack.record.attack(Problem(embed, images, repel(references), LinfBall(0.1), torch.arange(6)), attack.options)
    assert counter.passes / 6 == attack.record.passes(attack.options)


@pytest.mark.parametrize(
    "config",
    [
        TrainingConfig(method="natural"),
        TrainingConfig(method="robust"),
        TrainingConfig(method="robust", attack_rate=0.8, perturb="anchor"),
        TrainingConfig(method="joint"),
        TrainingConfig(method="visualphishnet"),
    ],
    ids=lambda config: f"{config.method}-{config.tuples_per_anchor}",
)
def test_passes_of_a_training_step(config: TrainingConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    counter, count = Counter(), 64
    images = torch.rand(count, 3, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    miner = DistanceWeightedMiner(cutoff=0.0, nonzero_loss_cutoff=2.0)
    step = make_step(tiny_model(), images, torch.arange(count) % 8, miner=miner, config=config, loss="triplet")
    network = step.forward
    monkeypatch.setattr(network, "embed", counter.watch(network.embed, learns=True))
    monkeypatch.setattr(network, "embed_constant", counter.watch(network.embed_constant, learns=False))
    loss_of(step).backward()
    assert counter.passes / count == pytest.approx(_step_passes(config), rel=0.2)  # attacked tuples are drawn


@pytest.mark.parametrize(
    ("config", "known", "images"),
    [
        ({"kind": "digits"}, None, (899, 898)),
        ({"kind": "gaussians", "images_per_class": 10}, None, (10, 10)),
        ({"kind": "textures", "images": 7}, None, (4, 3)),
        ({"kind": "textures", "classes": 3, "images_per_class": 4}, None, (6, 6)),
        ({"kind": "cub200"}, 11788, (5894, 5894)),
        ({"kind": "visualphish"}, None, None),
    ],
)
def test_images(config: dict[str, object], known: int | None, images: tuple[int, int] | None) -> None:
    assert images_of(DatasetConfig(backbone="any", **config), known) == images  # type: ignore[arg-type]
