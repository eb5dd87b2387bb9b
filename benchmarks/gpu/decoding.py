"""JPEGs of 500 x 375 pixels decoded: by the device through torchvision, and by PIL on one core."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.gpu.size import Size
from benchmarks.gpu.timing import seconds_of
from benchmarks.row import Row, figures
from benchmarks.worker import Way


def rows(size: Size) -> Iterator[Row]:
    """Yield one row with images/s of both."""
    from benchmarks.rows.batches import write_photographs

    with TemporaryDirectory() as folder:
        write_photographs(Path(folder), 1 if size.tiny else 8, 2 if size.tiny else 8)
        contents = [file.read_bytes() for file in sorted(Path(folder).glob("*/*.jpg"))]
    ways = {f"torchvision on {size.device}": by_torchvision(contents, size.device), "PIL, one core": by_pil(contents)}
    values = {f"{name}, images/s": round(len(contents) / seconds_of(way, size)) for name, way in ways.items()}
    yield figures("JPEGs of 500 x 375 decoded", values)


def by_torchvision(contents: list[bytes], device: str) -> Way:
    """Return the decoding of all files to uint8 on the device."""
    import numpy as np
    import torch
    from torchvision.io import ImageReadMode, decode_jpeg

    data = [torch.from_numpy(np.frombuffer(content, dtype=np.uint8).copy()) for content in contents]
    if device.startswith("cuda"):
        return lambda: decode_jpeg(data, ImageReadMode.RGB, device=device)
    return lambda: [decode_jpeg(one, ImageReadMode.RGB) for one in data]


def by_pil(contents: list[bytes]) -> Way:
    """Return the decoding of all files to arrays."""
    import numpy as np
    from PIL import Image

    return lambda: [np.asarray(Image.open(BytesIO(content)).convert("RGB")) for content in contents]
