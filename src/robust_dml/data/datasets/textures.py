"""Fine-grained coloured textures, for runs of any size without an archive.

Ten classes at a time share their waves and colours but for small shifts, as the species of a family do; an image is
its class's texture at a random place, turn and scale, with sensor noise. Stored as JPEG, as photographs are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pydantic import Field, model_validator

from robust_dml.data.index.listing import list_class_folders
from robust_dml.data.parallel import map_images
from robust_dml.records import DatasetKind
from robust_dml.runtime.options import Options
from robust_dml.runtime.section import Integer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FAMILY = 10
WAVES = 4
CLASSES, IMAGES_PER_CLASS, PIXELS = 100, 20, 64
NOISE = 0.02
QUALITY = 90


class TexturesOptions(Options):
    """Numbers and size of the images."""

    classes: Integer | None = Field(None, gt=1, description=f"{CLASSES} if absent")
    images: Integer | None = Field(None, gt=1, description="images in all, instead of images_per_class")
    images_per_class: Integer | None = Field(None, gt=1, description=f"{IMAGES_PER_CLASS} if absent")
    pixels: Integer | None = Field(None, gt=0, le=4096, description=f"side of an image; {PIXELS} if absent")

    @model_validator(mode="after")
    def _one_count(self) -> Self:
        if self.images is not None and self.images_per_class is not None:
            raise ValueError("give images or images_per_class, not both")
        return self

    @property
    def total(self) -> int:
        """The number of images, all classes together."""
        return self.images or (self.classes or CLASSES) * (self.images_per_class or IMAGES_PER_CLASS)


def write_textures(images: Path, options: TexturesOptions, workers: int = 1) -> None:
    """Write images/<class>/<number>.jpg; classes differ in their number of images by one at most."""
    classes = options.classes or CLASSES
    each = [options.total // classes + (label < options.total % classes) for label in range(classes)]
    for label in range(classes):
        (images / f"{label:05d}").mkdir()
    wanted = [(label, number) for label, count in enumerate(each) for number in range(count)]
    write = partial(_write, images, options.pixels or PIXELS)
    for _ in map_images(write, wanted, workers=workers, title="painting"):
        pass


def texture(label: int, number: int, pixels: int) -> NDArray[np.uint8]:
    """Return image `number` of class `label`, uint8 (pixels, pixels, 3)."""
    import numpy as np

    from robust_dml.runtime.randomness import numpy_generator

    kind, draw = _texture_class(label), numpy_generator("textures", "image", label, number)
    turn, zoom = draw.normal(0, 0.15), math.exp(draw.normal(0, 0.1))
    place = np.arange(pixels) / pixels / zoom
    x = place[None, :] * math.cos(turn) - place[:, None] * math.sin(turn)
    y = place[None, :] * math.sin(turn) + place[:, None] * math.cos(turn)
    image = np.broadcast_to(kind.colour, (pixels, pixels, 3)).copy()
    for wave, amplitude, phase in zip(kind.waves, kind.amplitudes, draw.uniform(0, 2 * math.pi, WAVES), strict=True):
        image += np.sin(wave[0] * x + wave[1] * y + phase)[..., None] * amplitude
    image += draw.normal(0, NOISE, image.shape)
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


@dataclass(frozen=True)
class _TextureClass:
    colour: Floats  # (3,), in [0, 1]
    waves: Floats  # (WAVES, 2), radians per image side
    amplitudes: Floats  # (WAVES, 3)


@lru_cache(maxsize=64)  # images are painted class by class
def _texture_class(label: int) -> _TextureClass:
    import numpy as np

    from robust_dml.runtime.randomness import numpy_generator

    family, own = numpy_generator("textures", "family", label // FAMILY), numpy_generator("textures", "class", label)
    direction, rate = family.uniform(0, math.pi, WAVES), 2 * math.pi * family.uniform(2, 8, WAVES)
    rate = rate * np.exp(own.normal(0, 0.1, WAVES))
    direction = direction + own.normal(0, 0.1, WAVES)
    return _TextureClass(
        colour=family.uniform(0.3, 0.7, 3) + own.normal(0, 0.05, 3),
        waves=np.stack([rate * np.cos(direction), rate * np.sin(direction)], axis=1),
        amplitudes=family.uniform(-0.15, 0.15, (WAVES, 3)) + own.normal(0, 0.03, (WAVES, 3)),
    )


def _write(images: Path, pixels: int, wanted: tuple[int, int]) -> None:
    from PIL import Image

    label, number = wanted
    Image.fromarray(texture(label, number, pixels)).save(images / f"{label:05d}" / f"{number:05d}.jpg", quality=QUALITY)


ENTRY = DatasetKind(
    label="Textures",
    summary="fine-grained coloured textures, for runs of any size without an archive",
    options=TexturesOptions,
    origin="generated",
    list=list_class_folders,
    generate=write_textures,
    count=lambda options: options.total,
)
