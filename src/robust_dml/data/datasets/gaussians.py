"""The paper's synthetic data: two classes of images whose pixels are independent normal draws."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from robust_dml.data.index.listing import list_class_folders
from robust_dml.records import DatasetKind
from robust_dml.runtime.options import Options
from robust_dml.runtime.section import Integer

MEANS = {"a": 0.25, "b": 0.75}
DEVIATION = 0.025
IMAGES_PER_CLASS = 512
PIXELS = 224


class GaussiansOptions(Options):
    """Numbers and size of the images."""

    images_per_class: Integer | None = Field(None, gt=1, description=f"{IMAGES_PER_CLASS} if absent")
    pixels: Integer | None = Field(None, gt=0, le=4096, description=f"side of an image; {PIXELS} if absent")


def write_gaussians(images: Path, options: GaussiansOptions, workers: int) -> None:
    """Write images/<a|b>/<number>.png, pixels N(0.25, 0.025) and N(0.75, 0.025), clamped to [0, 1].

    Source: GaussianDataset of the released code.
    """
    import numpy as np
    from PIL import Image

    from robust_dml.runtime.randomness import numpy_generator

    pixels = options.pixels or PIXELS
    for name, mean in MEANS.items():
        (images / name).mkdir(parents=True)
        for number in range(options.images_per_class or IMAGES_PER_CLASS):
            draws = numpy_generator("gaussians", name, number).normal(mean, DEVIATION, (pixels, pixels, 3))
            values = np.rint(np.clip(draws, 0, 1) * 255).astype(np.uint8)
            Image.fromarray(values).save(images / name / f"{number:05d}.png")


ENTRY = DatasetKind(
    label="Gaussians",
    summary="two classes of images whose pixels are normal draws, as in the paper",
    options=GaussiansOptions,
    origin="generated",
    list=list_class_folders,
    generate=write_gaussians,
    count=lambda options: len(MEANS) * (options.images_per_class or IMAGES_PER_CLASS),
    small=True,
    photographs=False,
)
