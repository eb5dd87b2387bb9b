"""`evaluation`, and the results of a study: each attack at each radius, by its label."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator

from robust_dml.config.attacks import AttackConfig
from robust_dml.records import METRICS
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.section import Integer, Section

if TYPE_CHECKING:
    from robust_dml.config.study import Study

Variant = Literal["ours", "released"]


class EvaluationConfig(Section):
    """How a model is attacked and scored."""

    batch: Integer = Field(128, ge=1, le=1_000_000, description="queries that are attacked at a time")
    queries: Integer | None = Field(
        None,
        ge=2,
        le=1_000_000_000,
        description="evaluate only a class-balanced random sample of so many queries, against the whole gallery",
    )
    block: Integer = Field(
        1024, ge=1, le=1_000_000_000, description="queries after which a killed evaluation can resume"
    )
    stop_when_broken: bool = Field(False, description="leave a query once its nearest neighbour is wrong")
    as_released: bool = Field(True, description="beside each attack that the released code has, run that too")
    check_queries: Integer = Field(
        256, ge=0, le=1_000_000, description="queries of the extra runs for the sanity checks; 0 for none"
    )
    jobs: Literal["model", "attack"] = Field(
        "model",
        description="what one job of the workflow does: all attacks on a model, or one of them at one radius, for a"
        " cluster where that takes hours",
    )
    clusters: bool = Field(False, description="NMI and AMI of the clean embeddings, by k-means")
    metrics: list[str] = Field(
        ["recall", "r-precision", "map-at-r"], min_length=1, description="of `robust-dml list metric`, or MODULE:NAME"
    )

    @field_validator("metrics")
    @classmethod
    def _known_metrics(cls, value: list[str]) -> list[str]:
        for name in value:
            try:
                METRICS.load(name)
            except UserError as error:
                raise ValueError(str(error)) from error
        if "recall" not in value:
            raise ValueError("recall: missing; tables and checks read it")
        return value


@dataclass(frozen=True)
class AttackAt:
    """One attack of a study at one radius, or unperturbed queries (`config` is None)."""

    name: str
    config: AttackConfig | None
    epsilon: float
    variant: Variant = "ours"
    queries: int | None = None
    """Attack only so many queries, evenly spaced; all if None."""
    changes: tuple[tuple[str, Any], ...] = ()
    """The settings in which an extra run of a sanity check differs from the attack of the study."""
    base: str | None = None
    """The label of that attack of the study."""

    @property
    def label(self) -> str:
        """The name of its files: `clean`, `pgd-0.1`, `pgd-0.1,steps=20`, `pgd-0.1,as-released`."""
        base = self.base or (f"{self.name}-{self.epsilon:g}" if self.config else "clean")
        changed = [f"{key}={value}" for key, value in self.changes]
        released = ["as-released"] if self.variant == "released" else []
        return ",".join([base, *changed, *released])

    @property
    def attack(self) -> AttackConfig:
        """The attack. Raises ValueError for unperturbed queries, which have none."""
        if self.config is None:
            raise ValueError("unperturbed queries have no attack")
        return self.config

    @property
    def is_ensemble(self) -> bool:
        """Whether it is put together from other results."""
        return self.config is not None and self.config.is_ensemble

    @property
    def effort(self) -> int:
        """How much of the standard protocol is run: 2 is twice its steps, restarts, targets and queries of Square."""
        return int(dict(self.changes).get("effort", 1))

    @property
    def smaller(self) -> AttackAt | None:
        """The same attack at the next smaller of its radii; None at the smallest."""
        radii = [radius for radius in self.attack.epsilon if radius < self.epsilon]
        return replace(self, epsilon=max(radii)) if radii else None

    @property
    def start(self) -> AttackAt | None:
        """The result that the standard protocol goes on from; None for an attack that needs no other."""
        if self.config is None or not self.config.is_standard:
            return None
        if self.effort > 1:
            return replace(self, queries=None, changes=(), base=None)
        return self.smaller or CLEAN

    def rivals(self, other: AttackAt) -> bool:
        """Whether both attacks perturb within the same ball."""
        if self.config is None or other.config is None:
            return False
        return (self.config.norm, self.epsilon) == (other.config.norm, other.epsilon)

    def changed(self, queries: int, **changes: Any) -> AttackAt:
        """Return the same attack on some queries with its optimiser or some of its options changed."""
        settings = self.attack.model_dump(exclude={"options"}) | self.attack.options.model_dump() | changes
        options = AttackConfig.find(settings["optimiser"]).options
        known = {*AttackConfig.model_fields, *options.model_fields}
        new = AttackConfig(**{key: value for key, value in settings.items() if key in known})
        return replace(self, config=new, queries=queries, changes=tuple(changes.items()), base=self.label)

    def enlarged(self, queries: int, epsilon: float) -> AttackAt:
        """Return the same attack on some queries at a much larger radius, which may depend on the dataset."""
        new = self.attack.model_copy(update={"epsilon": [epsilon]})
        changes = (("epsilon", "large"),)
        return replace(self, config=new, epsilon=epsilon, queries=queries, changes=changes, base=self.label)

    def with_effort(self, queries: int, effort: int) -> AttackAt:
        """Return the standard protocol with more effort, on some queries, from where the protocol itself ended."""
        return replace(self, queries=queries, changes=(("effort", effort),), base=self.label)


CLEAN = AttackAt("none", None, 0.0)


def clean_again(queries: int) -> AttackAt:
    """Return a second pass of unperturbed queries, in another order and in other batches."""
    return AttackAt("none", None, 0.0, queries=queries, changes=(("pass", "again"),), base=CLEAN.label)


def attacks_of(study: Study) -> list[AttackAt]:
    """Return every attack of a study at each of its radii, in the order of its YAML; clean is not among them."""
    return [AttackAt(name, config, radius) for name, config in study.attacks.items() for radius in config.epsilon]


def result_labels(study: Study) -> list[str]:
    """Return the labels of the results that tables show: `clean`, then each attack at each radius."""
    return [CLEAN.label, *(at.label for at in attacks_of(study))]


def released_of(study: Study) -> Iterator[AttackAt]:
    """Yield the as-released version of each attack that the released code has and the study wants."""
    for at in attacks_of(study):
        wanted = study.evaluation.as_released and at.attack.as_released
        if wanted and AttackConfig.find(at.attack.optimiser).released:
            yield replace(at, variant="released")
