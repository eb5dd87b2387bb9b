"""Several small networks with different random weights, whose normalised embeddings are averaged.

three: {kind: ensemble, members: 3, of: {kind: convnet, widths: [16, 32, 64]}, embedding: 64}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from pydantic import Field

from robust_dml.records import Backbone
from robust_dml.runtime.options import Options
from robust_dml.runtime.section import Integer

if TYPE_CHECKING:
    from torch import nn

    from robust_dml.config.training import BackboneConfig


class EnsembleOptions(Options):
    """The settings of an ensemble."""

    of: dict[str, Any] = Field(description="the backbone of each network: its kind and options")
    members: Integer = Field(3, ge=2, le=100, description="networks")


def ensemble(config: BackboneConfig) -> nn.Module:
    """Return the networks; their random weights follow each other in one stream."""
    from robust_dml.models.ensemble import Ensemble

    member = member_of(config)
    return Ensemble(member.record.build(member) for _ in range(_options(config).members))


def ensemble_gflop(config: BackboneConfig, size: int) -> float | None:
    """Return 10^9 operations of a forward pass of all networks."""
    member = member_of(config)
    each: float | None = member.record.gflop(member, size)
    return None if each is None else each * _options(config).members


def member_of(config: BackboneConfig) -> BackboneConfig:
    """Return the settings of one network."""
    return type(config)(**{**_options(config).of, "embedding": config.embedding})


def _options(config: BackboneConfig) -> EnsembleOptions:
    return cast(EnsembleOptions, config.options)


ENTRY = Backbone(
    label="ensemble",
    summary="several small networks, whose normalised embeddings are averaged",
    options=EnsembleOptions,
    build=ensemble,
    gflop=ensemble_gflop,
    measured_as=lambda config: str(_options(config).of.get("kind")),
    small=True,
)
