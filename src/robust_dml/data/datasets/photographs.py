"""Photographs for the kind `patches`: those inside scikit-image and scikit-learn, or a folder of the user's own.

Training and test photographs are disjoint by a fixed choice. Each row of `PAIRS` has one of either side with related
content: people, fur and petals, ground, things, buildings, round shapes on a plain ground, microscope and telescope,
dark lines. The right half of scikit-image's stereo pair shows the places of the left half again and is left out;
drawings, silhouettes, blurred pictures and pictures of fewer than 200 pixels are left out too.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from robust_dml.data.index.listing import images_below
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.extras import lacks

PAIRS = (
    ("astronaut.png", "camera.png"),
    ("chelsea.png", "flower.jpg"),
    ("grass.png", "gravel.png"),
    ("coffee.png", "motorcycle_left.png"),
    ("china.jpg", "rocket.jpg"),
    ("coins.png", "moon.png"),
    ("ihc.png", "hubble_deep_field.jpg"),
    ("brick.png", "retina.jpg"),
)
FOLDERS = {"china.jpg": ("sklearn", "datasets/images"), "flower.jpg": ("sklearn", "datasets/images")}


@dataclass(frozen=True, slots=True)
class Photograph:
    """A photograph: its file, and the name that its random draws are derived from."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Photographs:
    """The photographs of the training classes and those of the test classes."""

    training: list[Photograph]
    test: list[Photograph]


def find_photographs(folder: Path | None) -> Photographs:
    """Return the photographs below `folder`, or without a folder the bundled ones of `PAIRS`.

    The first half of a folder's files, sorted by path, gives the training classes (of an odd number, the smaller half).
    Raises UserError if the folder has fewer than two photographs.
    """
    if folder is None:
        training, test = zip(*PAIRS, strict=True)
        return Photographs([_bundled(file) for file in training], [_bundled(file) for file in test])
    files = images_below(folder, folder) if folder.is_dir() else []
    if len(files) < 2:
        raise UserError(f"{folder}: at least two photographs are needed, found {len(files)}; add photographs to it")
    found = [Photograph(file, folder / file) for file in files]
    return Photographs(found[: len(found) // 2], found[len(found) // 2 :])


def _bundled(file: str) -> Photograph:
    package, folder = FOLDERS.get(file, ("skimage", "data"))
    return Photograph(file, _package_folder(package) / folder / file)


@cache
def _package_folder(package: str) -> Path:
    """Return the folder of an installed package, without the import of the package."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise UserError(f"patches: {lacks(package, 'demo')}")
    return Path(spec.origin).parent
