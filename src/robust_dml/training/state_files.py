"""The names of the files in which a training keeps its state: the progress can be read from them."""

from __future__ import annotations

from pathlib import Path

PATTERN = "state-*.safetensors"
CHECKSUM_DIGITS = 16


def state_name(epoch: int, step: int, sha256: str) -> str:
    """Return the name of a state after `epoch` whole epochs and `step` steps of the next, with its checksum."""
    return f"state-{epoch:05d}-{step:06d}-{sha256[:CHECKSUM_DIGITS]}.safetensors"


def newest_first(folder: Path) -> list[Path]:
    """Return the states in a folder, the one with the most steps first; of equal ones the last written."""
    return sorted(folder.glob(PATTERN), key=lambda file: (*place_of(file), file.stat().st_mtime_ns), reverse=True)


def place_of(file: Path) -> tuple[int, int]:
    """Return the whole epochs of a state, and the steps of the next."""
    epoch, step = file.name.split("-")[1:3]
    return int(epoch), int(step)


def checksum_of(file: Path) -> str:
    """Return the first digits of the SHA-256 that the bytes of a state must have."""
    return file.stem.rpartition("-")[2]
