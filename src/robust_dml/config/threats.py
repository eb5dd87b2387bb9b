"""`threats`: what is tried on every model beside the attacks on its queries, each judged by its own metric."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from robust_dml.records import THREATS, Threat
from robust_dml.runtime.options import Entry


class ThreatConfig(Entry):
    """One threat. Its options stand beside `kind`."""

    kind: str = Field(description="a threat of `robust-dml list threat`, but for `query`")

    @classmethod
    def find(cls, name: str) -> Threat:
        """Return the record of a threat."""
        return THREATS.load(name)

    @model_validator(mode="after")
    def _is_measured(self) -> Self:
        if self.find(self.kind).measure is None:
            raise ValueError(f"kind: {self.kind} is the threat of `attacks`; name another of `robust-dml list threat`")
        return self
