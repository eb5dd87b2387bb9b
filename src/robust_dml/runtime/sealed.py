"""Result files that carry the SHA-256 of their own content, so that a cut, an edit or a swapped bit is noticed.

A JSON file says it under `content_sha256`; another file has it beside it, in the format of the command sha256sum.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from robust_dml.runtime.errors import UserError
from robust_dml.runtime.files import sha256_of, write_json, write_text

KEY = "content_sha256"
AGAIN = "delete it and run snakemake again"


def content_sha256(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a mapping as read from JSON, whatever its layout; `KEY` itself is left out."""
    plain = {key: value for key, value in content.items() if key != KEY}
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def sealed(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content with its hash."""
    return {**content, KEY: content_sha256(json.loads(json.dumps(content, allow_nan=False)))}


def write_sealed(path: Path, content: Mapping[str, Any]) -> None:
    """Write a mapping as JSON with its hash, atomically."""
    write_json(path, sealed(content))


def read_sealed(path: Path) -> dict[str, Any]:
    """Read what `write_sealed` wrote. Raises UserError if the file is absent, damaged, edited or has no hash."""
    content = _mapping(path)
    if KEY not in content:
        raise UserError(f"{path}: has no {KEY}, so its content cannot be trusted; {AGAIN}")
    try:
        found = content_sha256(content)
    except ValueError as error:
        raise UserError(f"{path}: damaged ({error}); {AGAIN}") from error
    if content[KEY] != found:
        raise UserError(f"{path}: not what was written: expected SHA-256 {content[KEY]}, found {found}; {AGAIN}")
    return content


def _mapping(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file; run snakemake again") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: not a JSON file ({error}); {AGAIN}") from error
    if not isinstance(content, dict):
        raise UserError(f"{path}: expected a JSON mapping, found {type(content).__name__}; {AGAIN}")
    return content


def checksum_file(path: Path) -> Path:
    """Return the file that holds the SHA-256 of `path`."""
    return path.with_name(f"{path.name}.sha256")


def write_checksum(path: Path) -> None:
    """Write the SHA-256 of a file beside it."""
    write_text(checksum_file(path), f"{sha256_of(path)}  {path.name}\n")


def require_checksum(path: Path, remedy: str) -> None:
    """Raise UserError, with `remedy`, unless a file has the SHA-256 that is written beside it."""
    record = checksum_file(path)
    try:
        expected = record.read_text(encoding="utf-8").partition(" ")[0]
    except (OSError, ValueError) as error:
        raise UserError(f"{record}: cannot be read, so {path.name} cannot be trusted; {remedy}") from error
    require_sha256(path, expected, remedy)


def require_sha256(path: Path, expected: str, remedy: str) -> None:
    """Raise UserError, with `remedy`, unless a file has the SHA-256 that was recorded when it was written."""
    found = sha256_of(path)
    if expected != found:
        raise UserError(
            f"{path}: not what was written: expected SHA-256 {expected or 'unknown'}, found {found}; {remedy}"
        )
