"""The paper's synthetic data: two classes of images whose pixels are independent normal draws."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from robust_dml.runtime.randomness import numpy_generator

MEANS = {"a": 0.25, "b": 0.75}
DEVIATION = 0.025
IMAGES_PER_CLASS = 512
PIXELS = 224


def write_gaussians(images: Path, *, images_per_class: int = IMAGES_PER_CLASS, pixels: int = PIXELS) -> None:
    """Write images/<a|b>/<number>.png, pixels N(0.25, 0.025) and N(0.75, 0.025), clamped to [0, 1].

    Source: GaussianDataset of the released code.
    """
    for name, mean in MEANS.items():
        (images / name).mkdir(parents=True)
        for number in range(images_per_class):
            draws = numpy_generator("gaussians", name, number).normal(mean, DEVIATION, (pixels, pixels, 3))
            values = np.rint(np.clip(draws, 0, 1) * 255).astype(np.uint8)
            Image.fromarray(values).save(images / name / f"{number:05d}.png")
