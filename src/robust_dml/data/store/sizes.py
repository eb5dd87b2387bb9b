"""Widths and heights after torchvision's Resize."""

from __future__ import annotations


def resized(width: int, height: int, side: int) -> tuple[int, int]:
    """Width and height after Resize(side): the short side becomes `side`, the long one is rounded down."""
    if width <= height:
        return side, int(side * height / width)
    return int(side * width / height), side


def stored_size(width: int, height: int, side: int) -> tuple[int, int]:
    """Width and height of a stored training image: as `resized`, but a small image is not enlarged."""
    return resized(width, height, side) if side < min(width, height) else (width, height)
