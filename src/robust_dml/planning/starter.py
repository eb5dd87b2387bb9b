"""A first study of a user's own images: `robust-dml new` writes it, fitted to what the images are like."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from robust_dml.data.decode import decode
from robust_dml.data.index.listing import list_class_folders
from robust_dml.data.index.splits import all_splits
from robust_dml.runtime.errors import UserError

TEMPLATE = Path(__file__).with_name("starter.yaml.j2")
SPLIT = "random-1"
SIDES = (64, 32, 16, 8)  # pixels; 64 keeps a first study quick on a CPU
BATCH = 8  # at most so many classes in a batch, and so many images of each
EVEN_SHARE = 0.15  # the radius, as a share of the standard deviation of pixels within an image
OPENED = 200  # images that are looked at


@dataclass(frozen=True)
class Survey:
    """What a folder of images is like; the short side in pixels, the contrast for pixels in [0, 1]."""

    classes: int
    images: int
    classes_per_batch: int
    samples_per_class: int
    short_side: int
    contrast: float

    @property
    def size(self) -> int:
        """The side at which images are seen: the largest of SIDES that enlarges fewer than half of them."""
        return next((side for side in SIDES if side <= self.short_side), SIDES[-1])

    @property
    def widths(self) -> list[int]:
        """Channels of the small network: as many layers as halve the images to 2 or 4 pixels."""
        return [16, 32, 64, 128][: max(2, self.size.bit_length() - 3)]

    @property
    def epsilon(self) -> int:
        """The radius of the attacks in units of 1/255."""
        return max(1, round(EVEN_SHARE * self.contrast * 255))


def survey(folder: Path) -> Survey:
    """Return what the images of a folder are like. Raises UserError if they are too few to train on and retrieve."""
    if not folder.is_dir():
        raise UserError(f"{folder}: expected a folder with one sub-folder of images per class, found no folder")
    listed = list_class_folders(folder)
    labels = np.array([image.label for image in listed], dtype=np.int64)
    classes = len(np.unique(labels))
    if classes < 4:
        raise UserError(f"{folder}: expected at least 4 sub-folders with images, two to train on, found {classes}")
    counts = np.bincount(labels[all_splits(labels)[SPLIT]])
    large = np.sort(counts[counts > 1])[::-1]
    if len(large) < 2:
        raise UserError(f"{folder}: expected at least two images in most classes; half of the classes train the model")
    samples = min(BATCH, int(large[max(1, len(large) // 2 - 1)]))
    chosen = np.random.default_rng(0).permutation(len(listed))[:OPENED]
    images = [decode(folder / listed[number].path) for number in chosen]
    return Survey(
        classes=classes,
        images=len(listed),
        classes_per_batch=min(BATCH, int((large >= samples).sum())),
        samples_per_class=samples,
        short_side=int(np.median([min(image.size) for image in images])),
        contrast=float(np.mean([np.asarray(image).std() / 255 for image in images])),
    )


def study_text(name: str, folder: Path, found: Survey) -> str:
    """Return the YAML of a study of the images in `folder`."""
    from jinja2 import StrictUndefined, Template

    template = Template(TEMPLATE.read_text(encoding="utf-8"), undefined=StrictUndefined, keep_trailing_newline=True)
    return str(template.render(name=name, folder=str(folder), found=found, split=SPLIT))
