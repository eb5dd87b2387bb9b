"""How a stored result was made, as its file says; read without numpy, so that a status starts at once."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile, ZipFile

DAMAGE = (
    *(OSError, ValueError, KeyError, EOFError, TypeError, AttributeError, NotImplementedError),
    *(BadZipFile, zlib.error),
)
"""What reading a damaged .npz file may raise."""


@dataclass(frozen=True)
class Origin:
    """How a stored result was made; `digest` changes exactly when something that shapes it changes."""

    label: str
    digest: str
    planned: str
    """The part of the digest that is known before models and images exist: settings and code."""
    model_sha256: str
    data_sha256: str
    device: str
    revision: str
    seconds: float = 0.0


NOT_STAMPED = Origin(label="", digest="", planned="", model_sha256="", data_sha256="", device="", revision="")


def read_header(path: Path) -> Origin | None:
    """Return how a stored result says it was made, without checking its content; None if that cannot be read."""
    try:
        with ZipFile(path) as stored:
            header = json.loads(_string(stored.read("header.npy")))
        header.pop("content_sha256")
        return Origin(**header)
    except DAMAGE:
        return None


def _string(content: bytes) -> str:
    """Return the string that an .npy file of version 1 holds: ten bytes, a description, then UTF-32."""
    start = 10 + int.from_bytes(content[8:10], "little")
    return content[start:].decode("utf-32-le")
