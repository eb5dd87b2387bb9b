"""Writes images as text that a page can hold."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

SMALL, LARGEST = 64, 112


def data_uri(image: np.ndarray) -> str:
    """Return a float image (H, W, 3) in [0, 1]: exact, as PNG, up to 64 pixels a side, else smaller, as WebP."""
    from PIL import Image

    picture = Image.fromarray((image.clip(0, 1) * 255).round().astype("uint8"))
    out = io.BytesIO()
    if max(picture.size) <= SMALL:
        picture.save(out, "PNG", optimize=True)
        return _uri("png", out.getvalue())
    picture.thumbnail((LARGEST, LARGEST))
    picture.save(out, "WEBP", quality=80)
    return _uri("webp", out.getvalue())


def file_uri(path: Path) -> str:
    """Return the content of a PNG file."""
    return _uri("png", path.read_bytes())


def _uri(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
