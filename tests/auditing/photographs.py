"""A folder of photographs of a few classes, of different sizes, that an encoder can tell apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

ENCODERS = """
import torch
from torch import nn

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.tensor(MEAN).view(3, 1, 1))
        self.register_buffer("std", torch.tensor(STD).view(3, 1, 1))
        self.layers = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten())

    def forward(self, images):
        return self.layers((images - self.mean) / self.std)


def small():
    return Small()


def constant():
    return lambda images: torch.ones(len(images), 4) + 0 * images.mean((2, 3)).sum(1, keepdim=True)


def not_finite():
    return lambda images: images.flatten(1) / 0


def random():
    return lambda images: images.mean((2, 3)) + torch.rand(len(images), 3)


def of_batch():
    return lambda images: images.mean((2, 3)) - images.mean((0, 2, 3))


def without_gradient():
    return torch.no_grad()(lambda images: images.mean((2, 3)))


def long():
    return lambda images: 1024 * images.mean((2, 3))


def short():
    return lambda images: images.mean((2, 3))


def wrong_shape():
    return lambda images: images


def raises():
    raise FileNotFoundError("weights.pt")
"""


def make_photographs(folder: Path, *, classes: int = 4, images: int = 5, side: int = 20) -> Path:
    """Write <class>/<image>.png: noise around a colour of the class, each of another size."""
    for label in range(classes):
        place = folder / f"class-{label}"
        place.mkdir(parents=True)
        for number in range(images):
            draws = np.random.default_rng([label, number])
            shape = (side + 2 * number, side + 3 * label, 3)
            colour = 60 + 40 * np.array([label % 2, label // 2, label % 3])
            pixels = np.clip(draws.normal(colour, 30, shape), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(place / f"{number}.png")
    return folder
