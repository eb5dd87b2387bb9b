"""`threats`: attacks on something else than the first item of a ranking, each with a number of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pydantic import Field, model_validator

from robust_dml.config.attacks import AttackConfig
from robust_dml.config.evaluation import AttackAt
from robust_dml.records import THREATS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from robust_dml.config.study import Study

FAMILIES = ("one-step", "iterative")


class ThreatConfig(AttackConfig):
    """A threat x ball x optimiser; the threat says what is maximised. Options of the optimiser stand beside them."""

    threat: str = Field(description="a threat of `robust-dml list threat` with numbers of its own")
    as_released: bool = Field(False, description="beside it, run it with the bugs of the released code")

    @model_validator(mode="after")
    def _has_numbers_of_its_own(self) -> Self:
        if THREATS.load(self.threat).pose is None:
            raise ValueError(f"threat: {self.threat} is judged by recall@1; list the attack under `attacks`")
        if "objective" in self.model_fields_set:
            raise ValueError(f"objective: {self.threat} has one of its own; remove it")
        if self.find(self.optimiser).family not in FAMILIES:
            raise ValueError(f"optimiser: {self.optimiser} climbs no objective; take pgd or apgd")
        return self


def threats_of(study: Study) -> list[AttackAt]:
    """Return every threat of a study at each of its radii, and behind it the released version if it is wanted."""
    return [at for name, config in study.threats.items() for at in _of(name, config)]


def _of(name: str, config: ThreatConfig) -> Iterator[AttackAt]:
    for radius in config.epsilon:
        yield AttackAt(name, config, radius)
        if config.as_released:
            yield AttackAt(name, config, radius, variant="released")
