"""What is asked of an audit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Norm = Literal["linf", "l2"]
Device = Literal["auto", "cpu", "cuda"]


@dataclass(frozen=True, kw_only=True)
class AuditRequest:
    """An encoder, the images that it is tried on, and how; what is None follows from the encoder or the images."""

    encoder: str
    """`module:function`, a TorchScript or exported file, or the folder of a trained model."""
    data: str
    """A folder of class folders, a CSV file, or STUDY.yaml:DATASET."""
    out: Path
    radii: tuple[float, ...] | None = None
    norm: Norm = "linf"
    queries: int | None = None
    device: Device | None = None
    batch: int | None = None
    size: int | None = None
    """The side of the square that the encoder sees, in pixels."""
    threats: tuple[str, ...] = ()
    """Kinds of threats that are measured beside the standard protocol, with their defaults."""
    name: str | None = None
    data_root: Path | None = None
