"""Runs the attacks of a study on one model, block by block, worst cases after the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from robust_dml.config import Run, Study
from robust_dml.config.attacks import AttackConfig
from robust_dml.config.resolve import runs
from robust_dml.evaluation.as_released import RELEASED
from robust_dml.evaluation.attacking import Attack
from robust_dml.evaluation.blocks import SECONDS, Arrays, Blocks
from robust_dml.evaluation.ensemble import select, worst_case
from robust_dml.evaluation.target import Subject, load_subject
from robust_dml.runtime.errors import UserError

NOBODY = np.zeros(0, dtype=np.int64)


@dataclass
class Runner:
    """The attacks of one evaluation; `found` holds what they made of all queries, by attack and epsilon."""

    study: Study
    run: Run
    subject: Subject
    clean_right: np.ndarray
    examples: np.ndarray
    """Positions of the queries whose images are kept."""
    state: Path
    """Where finished blocks are kept."""
    found: dict[str, Arrays] = field(default_factory=dict)
    _sources: dict[str, Subject] = field(default_factory=dict)

    def attack_all(self) -> Iterator[tuple[str, float, Arrays]]:
        """Each attack of the study at each epsilon: its name, epsilon and arrays."""
        everything = [(name, epsilon) for name, config in self.study.attacks.items() for epsilon in config.epsilon]
        for name, epsilon in sorted(everything, key=lambda item: self._is_worst_case(item[0])):
            label = f"{name}-{epsilon:g}"
            self.found[label] = self._attack(self.study.attacks[name], epsilon, label)
            yield name, epsilon, self.found[label]
            self.found[label].pop("released_embeddings", None)  # as large as all the rest, and scored by now

    def trial(self, config: AttackConfig, epsilon: float, positions: np.ndarray, label: str) -> Arrays:
        """An attack on some queries, without the released code's version and without images.

        Where the study has the same attack, its results serve again.
        """
        for name, own in self.study.attacks.items():
            known = self.found.get(f"{name}-{epsilon:g}")
            if known is not None and own.same_but_for(config):
                return select(known, positions, NOBODY)
        return self._in_blocks(config, epsilon, positions, label, released=False, examples=NOBODY)

    def _is_worst_case(self, name: str) -> bool:
        return self.study.attacks[name].optimiser == "worst-case"

    def _attack(self, config: AttackConfig, epsilon: float, label: str) -> Arrays:
        if config.optimiser == "worst-case":
            members = [partial(self._member, member, epsilon, label) for member in config.members]
            return worst_case(self.subject, members, self.examples)
        wanted = self.study.evaluation.as_released and config.as_released
        released = wanted and config.optimiser in RELEASED
        everyone = np.arange(len(self.subject.queries.ids))
        return self._in_blocks(config, epsilon, everyone, label, released=released, examples=self.examples)

    def _member(self, name: str, epsilon: float, label: str, positions: np.ndarray) -> Arrays:
        """A member of an ensemble on some queries; from its own result if the study has one at this epsilon."""
        own = f"{name}-{epsilon:g}"
        if own in self.found:
            return {**select(self.found[own], positions, self.examples), SECONDS: np.zeros(1)}
        config = self.study.attacks[name]
        return self._in_blocks(config, epsilon, positions, f"{label}/{own}", released=False, examples=self.examples)

    def _in_blocks(
        self,
        config: AttackConfig,
        epsilon: float,
        positions: np.ndarray,
        label: str,
        *,
        released: bool,
        examples: np.ndarray,
    ) -> Arrays:
        settings = self.study.evaluation
        attack = Attack(
            subject=self.subject,
            config=config,
            epsilon=epsilon,
            source=self._source(config),
            stop_when_broken=settings.stop_when_broken,
            released=released,
            clean_right=self.clean_right,
            examples=examples,
        )
        return Blocks(settings.block, settings.batch).run(attack, positions, self.state / label, title=label)

    def _source(self, config: AttackConfig) -> Subject | None:
        """The model that transferred images are made for, if it is not the one under attack."""
        if config.source is None or config.source == self.run.training:
            return None
        if config.source not in self._sources:
            self._sources[config.source] = load_subject(self.study, source_of(self.study, self.run, config.source))
        return self._sources[config.source]


def source_of(study: Study, run: Run, training: str) -> Run:
    """The model of another training beside `run`; UserError if the study has none."""
    source = Run(run.dataset, run.loss, training, run.seed)
    if source not in set(runs(study)):
        raise UserError(f"attacks: source {training}: the study has no model {source.path} to transfer from")
    return source


def require_consistent(study: Study) -> None:
    """The members of an ensemble perturb in its norm, and are no ensembles themselves; UserError otherwise."""
    for name, config in study.attacks.items():
        for member in config.members:
            if study.attacks[member].optimiser == "worst-case":
                raise UserError(f"attacks.{name}.members: {member} is a worst case itself; name its members instead")
            if study.attacks[member].norm != config.norm:
                raise UserError(f"attacks.{name}.members: {member} has another norm than {name}")
