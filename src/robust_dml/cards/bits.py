"""One bit, or one class, per query, as text in a JSON file."""

from __future__ import annotations

import base64
import binascii
import zlib

import numpy as np
from numpy.typing import NDArray


def pack_bits(right: NDArray[np.bool_]) -> str:
    """Return bool (Q,) as text."""
    return _text(np.packbits(right).tobytes())


def unpack_bits(text: str, count: int) -> NDArray[np.bool_]:
    """Return bool (count,) from text. Raises ValueError if it holds another number."""
    packed = np.frombuffer(_bytes(text), dtype=np.uint8)
    if len(packed) != -(-count // 8):
        raise ValueError(f"expected {count} bits, found {8 * len(packed)}")
    return np.unpackbits(packed, count=count).astype(bool)


def pack_labels(labels: NDArray[np.int64]) -> str:
    """Return classes (Q,) as text."""
    return _text(labels.astype("<i4").tobytes())


def unpack_labels(text: str) -> NDArray[np.int64]:
    """Return classes (Q,) from text. Raises ValueError if it is no such text."""
    return np.frombuffer(_bytes(text), dtype="<i4").astype(np.int64)


def _text(content: bytes) -> str:
    return base64.b64encode(zlib.compress(content, 9)).decode()


def _bytes(text: str) -> bytes:
    try:
        return zlib.decompress(base64.b64decode(text, validate=True))
    except (binascii.Error, zlib.error) as error:
        raise ValueError(f"not packed by this package ({error})") from error
