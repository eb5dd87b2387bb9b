"""An audit as a study: one model, one dataset, the standard protocol."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from robust_dml.auditing.data import AuditData, audit_data, square
from robust_dml.auditing.encoder import AuditEncoder, audit_encoder
from robust_dml.auditing.request import AuditRequest
from robust_dml.config import Study
from robust_dml.config.radii import Radii
from robust_dml.config.standard import KEY, NAMES
from robust_dml.records import THREATS
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.section import explain

NAME = "audit"


def audit_study(request: AuditRequest, batch: int | None = None) -> Study:
    """Return the study of an audit; `batch` is the number of queries attacked at a time where the request has none.

    Raises UserError if encoder or images are not there, or a setting is impossible.
    """
    encoder = audit_encoder(request.encoder)
    transform = encoder.transform if encoder.transform and not request.size else square(request.size)
    return study_of(request, encoder, audit_data(request.data, transform), batch)


def study_of(request: AuditRequest, encoder: AuditEncoder, data: AuditData, batch: int | None = None) -> Study:
    """Return the study of an encoder and of images. Raises UserError if a setting is impossible."""
    try:
        return Study(**_sections(request, encoder, data, batch))
    except ValidationError as error:
        raise UserError(f"audit: {explain(error)}") from error


def _sections(request: AuditRequest, encoder: AuditEncoder, data: AuditData, batch: int | None) -> dict[str, Any]:
    model, from_study = request.name or encoder.name, dict(data.sections)
    evaluation: dict[str, Any] = {"as_released": False, **from_study.pop("evaluation", {})}
    wanted = {"batch": request.batch or (None if data.sections else batch), "queries": request.queries}
    given = {"device": request.device, "data_root": request.data_root}
    return {
        "name": NAME,
        "title": f"Audit of {request.encoder} on {request.data}",
        "seeds": list(dict.fromkeys([encoder.seed if data.sample_seed is None else data.sample_seed, encoder.seed])),
        **from_study,
        **{key: value for key, value in given.items() if value is not None},
        "datasets": {data.name: {**data.settings, "backbone": model}},
        "backbones": {model: encoder.backbone},
        "models": {model: {"backbone": model, "seeds": [encoder.seed]}},
        "losses": {},
        "trainings": {},
        "optimisation": {"channels_last": encoder.channels_last or data.channels_last},
        "attacks": {KEY: _radii(request, data)},
        "threats": {kind: {"kind": kind, **_threat_radii(request, kind)} for kind in request.threats},
        "evaluation": {**evaluation, **{key: value for key, value in wanted.items() if value is not None}},
    }


def _radii(request: AuditRequest, data: AuditData) -> dict[str, Any]:
    """Return the radii that are asked for, else those of the study that the images are of, else the usual ones."""
    if request.radii:
        return {request.norm: list(request.radii)}
    own = data.attacks.get(NAMES[request.norm])
    return {request.norm: own["epsilon"]} if own else {}


def _threat_radii(request: AuditRequest, kind: str) -> dict[str, Any]:
    """Return the radii that are asked for, if the threat perturbs images in a ball."""
    in_a_ball = kind in THREATS.names and issubclass(THREATS.load(kind).options, Radii)
    return {"norm": request.norm, "epsilon": list(request.radii)} if request.radii and in_a_ball else {}
