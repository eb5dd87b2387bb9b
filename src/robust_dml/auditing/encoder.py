"""The encoder of an audit: the keys of its backbone, and what the record of a trained model says besides."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from robust_dml.config.models import encoder_backbone
from robust_dml.runtime.sealed import read_sealed


@dataclass(frozen=True)
class AuditEncoder:
    """Its name, the keys of its backbone, the seed of its attacks, and the images that it was trained for."""

    name: str
    backbone: dict[str, Any]
    seed: int = 0
    transform: dict[str, Any] = field(default_factory=dict)
    channels_last: bool = False


def audit_encoder(source: str) -> AuditEncoder:
    """Return the encoder that `source` names. Raises UserError if it is a folder without a trained model."""
    backbone = encoder_backbone(source)
    if not Path(source).is_dir():
        return AuditEncoder(plain_name(source.partition(":")[2] or Path(source).stem), backbone)
    record = read_sealed(Path(source) / "run.json")
    settings = record["settings"]
    return AuditEncoder(
        name=plain_name(f"{record['loss']}-{record['training']}"),
        backbone=backbone,
        seed=record["seed"],
        transform=settings.get("data", {}).get("transform", {}),
        channels_last=settings.get("optimisation", {}).get("channels_last", False),
    )


def plain_name(text: str) -> str:
    """Return a text as it may stand as a name in a study: lower case, digits and dashes."""
    return re.sub("[^a-z0-9]+", "-", text.lower()).strip("-")[:60] or "encoder"
