"""Common corruptions and benign edits of an image, at five severities each.

An edit is a function of the image, the severity and a seed of its own, never of the batch, so that the same image is
edited into the same bytes wherever it is. Sizes are shares of the side, so that an edit means the same at 32 and at 224
pixels.

Source of kinds and scales: Hendrycks and Dietterich, "Benchmarking Neural Network Robustness to Common Corruptions and
Perturbations" (ICLR 2019); theirs of noise and compression that fit small images, without weather.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image, ImageFilter
from torch import Tensor
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional

from robust_dml.runtime.randomness import numpy_generator

Apply = Callable[[Tensor, float, np.random.Generator], Tensor]


@dataclass(frozen=True)
class Edit:
    """An edit of an image uint8 (3, H, W) at one of its strengths, the weakest first."""

    apply: Apply
    strengths: Sequence[float]


def edited(name: str, images: Tensor, severity: int, ids: Sequence[int]) -> Tensor:
    """Return images uint8 (B, 3, H, W) under an edit of `EDITS` at severity 1 to 5, a function of name and ids (B,)."""
    edit = EDITS[name]
    strength = edit.strengths[min(severity, len(edit.strengths)) - 1]
    one_by_one = (
        edit.apply(image, strength, numpy_generator("edit", name, int(number)))
        for image, number in zip(images, ids, strict=True)
    )
    return torch.stack(list(one_by_one))


def _gaussian_noise(image: Tensor, deviation: float, generator: np.random.Generator) -> Tensor:
    return _bytes(_floats(image) + deviation * generator.standard_normal(image.shape))


def _shot_noise(image: Tensor, photons: float, generator: np.random.Generator) -> Tensor:
    return _bytes(generator.poisson(_floats(image) * photons) / photons)


def _impulse_noise(image: Tensor, share: float, generator: np.random.Generator) -> Tensor:
    draws = generator.random((1, *image.shape[1:]))
    salted = np.where(draws < share / 2, 1.0, _floats(image))
    return _bytes(np.where(draws > 1 - share / 2, 0.0, salted))


def _gaussian_blur(image: Tensor, share: float, generator: np.random.Generator) -> Tensor:
    return _filtered(image, ImageFilter.GaussianBlur(share * image.shape[-1]))


def _box_blur(image: Tensor, share: float, generator: np.random.Generator) -> Tensor:
    return _filtered(image, ImageFilter.BoxBlur(share * image.shape[-1]))


def _brightness(image: Tensor, factor: float, generator: np.random.Generator) -> Tensor:
    found: Tensor = functional.adjust_brightness(image, factor)
    return found


def _contrast(image: Tensor, factor: float, generator: np.random.Generator) -> Tensor:
    found: Tensor = functional.adjust_contrast(image, factor)
    return found


def _saturation(image: Tensor, factor: float, generator: np.random.Generator) -> Tensor:
    found: Tensor = functional.adjust_saturation(image, factor)
    return found


def _hue(image: Tensor, turn: float, generator: np.random.Generator) -> Tensor:
    found: Tensor = functional.adjust_hue(image, turn * _sign(generator))
    return found


def _jpeg(image: Tensor, quality: float, generator: np.random.Generator) -> Tensor:
    found: Tensor = functional.jpeg(image, int(quality))
    return found


def _posterize(image: Tensor, bits: float, generator: np.random.Generator) -> Tensor:
    found: Tensor = functional.posterize(image, int(bits))
    return found


def _pixelate(image: Tensor, scale: float, generator: np.random.Generator) -> Tensor:
    picture = _picture(image)
    small = picture.resize([max(1, round(scale * side)) for side in picture.size], Image.Resampling.BOX)
    return _tensor(small.resize(picture.size, Image.Resampling.NEAREST))


def _crop(image: Tensor, share: float, generator: np.random.Generator) -> Tensor:
    height, width = image.shape[1:]
    tall, wide = max(1, round(share * height)), max(1, round(share * width))
    top, left = int(generator.integers(height - tall + 1)), int(generator.integers(width - wide + 1))
    found: Tensor = functional.resized_crop(image, top, left, tall, wide, [height, width], antialias=True)
    return found


def _rotation(image: Tensor, degrees: float, generator: np.random.Generator) -> Tensor:
    angle = degrees * _sign(generator)
    found: Tensor = functional.rotate(image, angle, InterpolationMode.BILINEAR, fill=_mean_colour(image))
    return found


def _shift(image: Tensor, share: float, generator: np.random.Generator) -> Tensor:
    angle = 2 * np.pi * generator.random()
    move = [share * image.shape[-1] * float(part) for part in (np.cos(angle), np.sin(angle))]
    bilinear, colour = InterpolationMode.BILINEAR, _mean_colour(image)
    found: Tensor = functional.affine(image, 0.0, move, 1.0, [0.0, 0.0], interpolation=bilinear, fill=colour)
    return found


def _overlay(image: Tensor, area: float, generator: np.random.Generator) -> Tensor:
    """Cover a square of a random colour at a random place."""
    height, width = image.shape[1:]
    side = max(1, round((area * height * width) ** 0.5))
    top, left = int(generator.integers(height - side + 1)), int(generator.integers(width - side + 1))
    covered = image.clone()
    colour = torch.from_numpy(generator.integers(0, 256, size=(3, 1, 1), dtype=np.uint8))
    covered[:, top : top + side, left : left + side] = colour
    return covered


def _flip(image: Tensor, strength: float, generator: np.random.Generator) -> Tensor:
    found: Tensor = functional.horizontal_flip(image)
    return found


def _floats(image: Tensor) -> np.ndarray:
    return image.numpy() / 255.0


def _bytes(pixels: np.ndarray) -> Tensor:
    return torch.from_numpy(np.rint(255 * pixels.clip(0, 1)).astype(np.uint8))


def _filtered(image: Tensor, blur: ImageFilter.MultibandFilter) -> Tensor:
    return _tensor(_picture(image).filter(blur))


def _picture(image: Tensor) -> Image.Image:
    return Image.fromarray(image.permute(1, 2, 0).contiguous().numpy())


def _tensor(picture: Image.Image) -> Tensor:
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1)


def _sign(generator: np.random.Generator) -> int:
    return 1 if generator.random() < 0.5 else -1


def _mean_colour(image: Tensor) -> list[float]:
    found: list[float] = image.double().mean((1, 2)).round().tolist()
    return found


EDITS: Mapping[str, Edit] = {
    "gaussian-noise": Edit(_gaussian_noise, (0.04, 0.06, 0.08, 0.12, 0.18)),
    "shot-noise": Edit(_shot_noise, (250, 100, 60, 25, 12)),
    "impulse-noise": Edit(_impulse_noise, (0.01, 0.03, 0.06, 0.10, 0.17)),
    "gaussian-blur": Edit(_gaussian_blur, (0.01, 0.02, 0.03, 0.04, 0.06)),
    "box-blur": Edit(_box_blur, (0.01, 0.02, 0.03, 0.05, 0.08)),
    "brighter": Edit(_brightness, (1.1, 1.25, 1.4, 1.6, 1.9)),
    "darker": Edit(_brightness, (0.9, 0.75, 0.6, 0.45, 0.3)),
    "contrast": Edit(_contrast, (0.9, 0.75, 0.6, 0.4, 0.25)),
    "saturation": Edit(_saturation, (0.8, 0.6, 0.4, 0.2, 0.0)),
    "hue": Edit(_hue, (0.02, 0.05, 0.1, 0.15, 0.25)),
    "jpeg": Edit(_jpeg, (80, 60, 40, 20, 10)),
    "posterize": Edit(_posterize, (6, 5, 4, 3, 2)),
    "pixelate": Edit(_pixelate, (0.9, 0.75, 0.6, 0.45, 0.3)),
    "crop": Edit(_crop, (0.95, 0.9, 0.8, 0.7, 0.6)),
    "rotation": Edit(_rotation, (3, 6, 10, 15, 25)),
    "shift": Edit(_shift, (0.02, 0.05, 0.08, 0.12, 0.18)),
    "overlay": Edit(_overlay, (0.01, 0.03, 0.06, 0.10, 0.16)),
    "flip": Edit(_flip, (1,)),
}
"""The edits by name. `flip` has one strength; all severities are that one."""
