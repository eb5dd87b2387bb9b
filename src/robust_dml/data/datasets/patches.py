"""Patches of photographs: a class is a place in a photograph, its images are views of that place.

patches: {kind: patches, classes: 560, images_per_class: 8, pixels: 32, backbone: small}

In the tradition of local descriptors (Brown, Hua & Winder, PAMI 2011; HPatches, Balntas et al., CVPR 2017). A view is
the photograph under a small homography, with another brightness, contrast and colour, and with noise. The classes of
the training photographs come first in sorted order, so split `sorted` has disjoint photographs on its two sides.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from robust_dml.data.datasets.photographs import Photograph, find_photographs
from robust_dml.data.index.listing import list_class_folders
from robust_dml.data.parallel import map_images
from robust_dml.records import DatasetKind
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.extras import from_extra
from robust_dml.runtime.options import Options
from robust_dml.runtime.randomness import numpy_generator
from robust_dml.runtime.section import Integer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

    Floats = NDArray[np.float64]

CLASSES, IMAGES_PER_CLASS, PIXELS = 560, 8, 32
WINDOW = 1.5  # pixels of the photograph per pixel of a view
SIDE = 1024  # pixels of a photograph
SUPERSAMPLING = 3  # samples per pixel of a view and axis
GRID = 8  # candidates for a place per window and axis
TEXTURE = 0.002  # of the smaller eigenvalue of the structure tensor, grey values in [0, 1]

# Each draw is uniform between minus and plus its bound.
TURN = 0.4  # radians
ZOOM = 0.2  # logarithm of the scale
STRETCH = 0.1  # logarithm of the ratio between the scale along an axis and the mean scale
TILT = 0.15  # perspective: change of the scale from the centre of the view to its sides
SHIFT = 0.1  # sides of the view
BRIGHTNESS = 0.3  # logarithm of the exponent of the values, of all channels
COLOUR = 0.1  # logarithm of the exponent, of each channel
CONTRAST = 0.2  # between 0 and this: the value of black, and that of white below 1
NOISE = 0.02  # standard deviation, of values in [0, 1]


class PatchesOptions(Options):
    """Numbers and size of the images, and the photographs that they are cut from."""

    classes: Integer = Field(CLASSES, gt=3, le=1_000_000, description="places, half of them in training photographs")
    images_per_class: Integer = Field(IMAGES_PER_CLASS, gt=1, le=100_000, description="views of a place")
    pixels: Integer = Field(PIXELS, ge=8, le=512, description="side of an image")
    photographs: Path | None = Field(None, description="folder of your photographs; bundled ones if absent")


@dataclass(frozen=True, slots=True)
class Place:
    """A place: centre (x, y) in the pixels of its photograph, and its number among the places of the photograph."""

    photograph: Photograph
    number: int
    x: int
    y: int


def write_patches(images: Path, options: PatchesOptions, workers: int = 1) -> None:
    """Write images/<class>-<photograph>-<place>/<view>.png, each (pixels, pixels, 3).

    The first half of the classes are places in training photographs, the second half places in test photographs.
    Raises UserError if the photographs do not have that many places with texture.
    """
    pixels, training = options.pixels, round(options.classes / 2)
    found = find_photographs(options.photographs)
    of_training = choose_places(found.training, training, pixels)
    places = [*of_training, *choose_places(found.test, options.classes - training, pixels)]
    folders = [images / f"{label:05d}-{Path(p.photograph.name).stem}-{p.number:03d}" for label, p in enumerate(places)]
    for folder in folders:
        folder.mkdir()
    pairs = zip(places, folders, strict=True)
    wanted = [(place, view, folder) for place, folder in pairs for view in range(options.images_per_class)]
    for _ in map_images(partial(_write, pixels), wanted, workers=workers, title="cutting"):
        pass


def choose_places(photographs: list[Photograph], count: int, pixels: int) -> list[Place]:
    """Return `count` places, spread over the photographs as evenly as they can be, ordered by photograph and number.

    Raises UserError if there are fewer.
    """
    each = [places_in(photograph, pixels, count) for photograph in photographs]
    ranked = sorted((place.number, order) for order, places in enumerate(each) for place in places)[:count]
    if len(ranked) < count:
        raise UserError(
            f"{photographs[0].path} and {len(photographs) - 1} further photographs of its side (training or test): "
            f"{count} places of {round(WINDOW * pixels)} pixels with texture are needed, found {len(ranked)}; "
            "give more or larger photographs, or fewer classes"
        )
    return [each[order][number] for order, number in sorted((order, number) for number, order in ranked)]


def places_in(photograph: Photograph, pixels: int, most: int) -> list[Place]:
    """Return up to `most` places in random order: one window apart, with texture, and no view leaves the photograph.

    The candidates are a grid of `GRID` points to the window; one is kept if it is a window away from all before it.
    """
    import numpy as np

    picture, window = _open(photograph.path), WINDOW * pixels
    margin, step = math.ceil(reach() * window), math.ceil(window / GRID)
    if min(picture.size) <= 2 * margin:
        return []
    texture = _texture(picture, window)
    grid = np.zeros(texture.shape, dtype=bool)
    grid[margin:-margin:step, margin:-margin:step] = True
    candidates = np.argwhere(grid & (texture > TEXTURE))  # (N, 2), each y, x
    candidates = numpy_generator("patches", photograph.name, "places").permutation(candidates)
    places: list[Place] = []
    while len(candidates) and len(places) < most:
        y, x = map(int, candidates[0])
        places.append(Place(photograph, len(places), x, y))
        candidates = candidates[((candidates - (y, x)) ** 2).sum(axis=1) >= window**2]
    return places


def view_of(place: Place, view: int, pixels: int) -> NDArray[np.uint8]:
    """Return one view of a place, uint8 (pixels, pixels, 3), a function of its arguments alone."""
    import numpy as np
    from PIL import Image

    draw = numpy_generator("patches", place.photograph.name, place.number, view)
    side, window = pixels * SUPERSAMPLING, WINDOW * pixels
    from_large, to_photograph = _shift(-0.5, -0.5) @ _scale(1 / side, 1 / side), _scale(window, window)
    matrix = _shift(place.x, place.y) @ to_photograph @ _homography(draw) @ from_large
    coefficients = (matrix / matrix[2, 2]).ravel()[:8].tolist()
    photograph, perspective = _open(place.photograph.path), Image.Transform.PERSPECTIVE
    large = photograph.transform((side, side), perspective, coefficients, Image.Resampling.BICUBIC)
    return _relight(np.asarray(large.resize((pixels, pixels), Image.Resampling.LANCZOS)) / 255, draw)


def reach() -> float:
    """Return how far a view extends from its place at most, in windows."""
    corner = math.sqrt(0.5) * math.exp(ZOOM + STRETCH) / (1 - TILT)
    return corner + math.sqrt(2) * SHIFT


def _homography(draw: np.random.Generator) -> Floats:
    """Draw a homography (3, 3) of the plane in which a view is the unit square around 0."""
    import numpy as np

    turn, zoom, stretch = draw.uniform(-1, 1, 3) * (TURN, ZOOM, STRETCH)
    axis = draw.uniform(0, math.pi)
    tilt = np.eye(3)
    tilt[2, :2] = draw.uniform(-TILT, TILT, 2)
    stretched = _turn(axis) @ _scale(math.exp(zoom + stretch), math.exp(zoom - stretch)) @ _turn(-axis)
    return _shift(*draw.uniform(-SHIFT, SHIFT, 2)) @ _turn(turn) @ stretched @ tilt


def _shift(x: float, y: float) -> Floats:
    import numpy as np

    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], dtype=np.float64)


def _scale(x: float, y: float) -> Floats:
    import numpy as np

    return np.diag([x, y, 1.0])


def _turn(angle: float) -> Floats:
    import numpy as np

    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def _relight(image: Floats, draw: np.random.Generator) -> NDArray[np.uint8]:
    """Change brightness, colour and contrast of an image (H, W, 3) in [0, 1], add noise and round to 8 bits.

    The exponent and the levels of black and white keep the values within [0, 1], where a gain would cut some off.
    """
    import numpy as np

    exponent = np.exp(draw.uniform(-BRIGHTNESS, BRIGHTNESS) + draw.uniform(-COLOUR, COLOUR, 3))
    black, white = draw.uniform(0, CONTRAST, 2) * (1, -1) + (0, 1)
    image = black + (white - black) * image**exponent + draw.normal(0, NOISE, image.shape)
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


def _texture(photograph: Image.Image, window: float) -> Floats:
    """Compute the smaller eigenvalue of the structure tensor over a window around each pixel, (H, W) (Shi & Tomasi)."""
    import numpy as np

    with from_extra("demo", "patches"):
        from skimage.feature import corner_shi_tomasi
        from skimage.filters import gaussian

    grey = np.asarray(photograph.convert("L"), dtype=np.float64) / 255
    texture: Floats = corner_shi_tomasi(gaussian(grey, sigma=WINDOW), sigma=window / 4)
    return texture


@lru_cache(maxsize=2)  # views are cut photograph by photograph
def _open(path: Path) -> Image.Image:
    """Read a photograph; one of more than `SIDE` pixels is reduced by a whole factor, for a window to show things."""
    from robust_dml.data.decode import decode

    photograph = decode(path)
    return photograph.reduce(max(1, max(photograph.size) // SIDE))


def _write(pixels: int, wanted: tuple[Place, int, Path]) -> None:
    from PIL import Image

    place, view, folder = wanted
    Image.fromarray(view_of(place, view, pixels)).save(folder / f"{view:03d}.png")


ENTRY = DatasetKind(
    label="patches of photographs",
    summary="a class is a place in a photograph, its images are views of it",
    options=PatchesOptions,
    origin="generated",
    list=list_class_folders,
    generate=write_patches,
    count=lambda options: options.classes * options.images_per_class,
)
