"""Encoders that a Python program gives as objects: for as long as it runs they have names, as files have."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from typing import Any

PREFIX = "given:"
GIVEN: dict[str, Callable[..., Any]] = {}


def give(name: str, encode: Callable[..., Any]) -> str:
    """Name an encoder and return the source by which a study of this process finds it."""
    GIVEN[PREFIX + name] = encode
    return PREFIX + name


def given_name(source: str) -> bool:
    """Return whether a source is that of an object of this process."""
    return source in GIVEN


def given_sha256(source: str) -> str:
    """Return a hash of the code of an object: of its function or class, as far as its source is known."""
    encode = GIVEN[source]
    code: Any = encode if inspect.isroutine(encode) else type(encode)
    try:
        text = inspect.getsource(code)
    except (OSError, TypeError):
        text = f"{code.__module__}.{code.__qualname__}"
    return hashlib.sha256(text.encode()).hexdigest()
