"""An encoder of the user's, of any library, as a model of a study or of an audit.

models: {clip: {encoder: "mine:build"}, traced: {encoder: network.pt, normalize_embedding: false}}
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field, field_validator

from robust_dml.models.given import given_name, given_sha256
from robust_dml.records import Backbone
from robust_dml.runtime.files import digest_of, sha256_of
from robust_dml.runtime.options import Options
from robust_dml.runtime.source_code import own_sources, source_of

if TYPE_CHECKING:
    from torch import nn

    from robust_dml.config.training import BackboneConfig


class EncoderOptions(Options):
    """Where the encoder comes from."""

    source: str = Field(
        min_length=1,
        description="`module:function`, which returns a module or a function from images in [0, 1] to embeddings; a"
        " TorchScript file; or an exported program (.pt2)",
    )

    @field_validator("source")
    @classmethod
    def _exists(cls, value: str) -> str:
        module, separator, _ = value.partition(":")
        if given_name(value) or Path(value).is_file():
            return value
        if not separator:
            raise ValueError("expected module:function, or a file that exists")
        if source_of(module) is None:
            raise ValueError(f"no module {module} here or installed; expected module:function, or a file that exists")
        return value


def identity(options: EncoderOptions) -> str:
    """Return a hash of the encoder's file, or of the user's modules that its function can reach."""
    source = options.source
    if given_name(source):
        return given_sha256(source)
    path = Path(source)
    if path.is_file():
        return _sha256(path, path.stat().st_mtime_ns)
    return digest_of(own_sources(source.partition(":")[0]))


@cache  # the workflow asks once a job
def _sha256(path: Path, changed: int) -> str:
    return sha256_of(path)


def _build(config: BackboneConfig) -> nn.Module:
    from robust_dml.models.encoder_source import open_encoder

    return open_encoder(config.options.source)


ENTRY = Backbone(
    label="encoder",
    summary="your own, from `source`, with its own resize, mean and std inside; `embedding` does not apply",
    options=EncoderOptions,
    build=_build,
    identity=identity,
)
