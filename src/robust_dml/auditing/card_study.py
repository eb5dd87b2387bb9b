"""The study that a card was made by, so that it can be run again where its encoder and images lie."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from robust_dml.auditing.data import AuditData, audit_data
from robust_dml.auditing.encoder import AuditEncoder, plain_name
from robust_dml.auditing.request import AuditRequest, Device
from robust_dml.auditing.study import study_of
from robust_dml.cards.beside import weights_beside
from robust_dml.cards.card import Card
from robust_dml.config import Study
from robust_dml.config.models import encoder_backbone
from robust_dml.runtime.errors import UserError


def card_study(
    path: Path,
    card: Card,
    seed: int,
    *,
    encoder: str | None,
    data: str | None,
    device: Device | None,
    data_root: Path | None,
) -> Study:
    """Return the study of one seed of a card, with the encoder and the images of this machine in place of the card's.

    Raises UserError if either is not there, or if the card lacks a setting.
    """
    try:
        own = AuditEncoder(
            name=plain_name(card.model.name),
            backbone=_backbone(path, card, seed, encoder),
            seed=seed,
            channels_last=card.settings["channels_last"],
        )
        images = AuditData(
            plain_name(card.data.name),
            _images(card, data),
            {"evaluation": card.settings["evaluation"]},
            sample_seed=card.settings["sample_seed"],
        )
        radii = tuple(card.settings["radii"])
    except KeyError as error:
        raise UserError(f"{path}: its settings lack {error}; make the card again") from error
    request = AuditRequest(
        encoder=card.model.source,
        data=card.data.name,
        out=path.parent,
        radii=radii,
        norm="l2" if card.threat["norm"] == "l2" else "linf",
        device=device,
        data_root=data_root,
    )
    return study_of(request, own, images)


def _backbone(path: Path, card: Card, seed: int, encoder: str | None) -> dict[str, Any]:
    """Return the keys of the backbone: of the encoder that is given, of the weights beside the card, or of the card."""
    own: dict[str, Any] = card.settings["backbone"]
    if encoder is not None:
        found = encoder_backbone(encoder)
        kept = {key: own[key] for key in ("normalize", "normalize_embedding") if "source" in found}
        return {**found, **kept}
    beside = weights_beside(path, seed)
    return {**own, "weights": str(beside)} if beside.exists() else own


def _images(card: Card, data: str | None) -> dict[str, Any]:
    own: dict[str, Any] = card.settings["dataset"]
    return own if data is None else audit_data(data, own["transform"]).settings
