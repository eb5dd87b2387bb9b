"""What the sanity checks of one model read, and what they find.

The checks follow Carlini et al., "On Evaluating Adversarial Robustness" (2019), turned to retrieval. They are functions
of results that exist; the attacks that they need beside those of the study are planned with the study.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from robust_dml.config import Run, Study
from robust_dml.config.attacks import AttackConfig
from robust_dml.config.evaluation import CLEAN, AttackAt
from robust_dml.evaluation.outcome import Outcome
from robust_dml.evaluation.planned import equal_attack
from robust_dml.evaluation.result import Counts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

POINT = 0.01
ONE_SIDED = 1.6449  # the 95 % quantile of the normal distribution
WHITE_BOX = ("one-step", "iterative")


@dataclass(frozen=True)
class Finding:
    """The outcome of a check: what was observed and expected, and the results that a failure makes doubtful."""

    verdict: Literal["pass", "fail", "not run"]
    observed: float | None
    expected: str
    taints: tuple[str, ...]
    why: str


@dataclass(frozen=True)
class CheckedResult:
    """Inputs of the checks from one attack at one epsilon."""

    at: AttackAt
    everyone: Outcome
    """All scored queries."""
    sample: Outcome
    """The queries of the checks, on which the extra runs are made."""
    counts: Counts
    broken_by: Mapping[str, int] = field(default_factory=dict)
    """Queries broken by each member of the standard protocol; empty for other attacks."""

    @property
    def recall(self) -> float:
        """Recall@1 over all scored queries."""
        return self.everyone.recall

    @property
    def label(self) -> str:
        """The name of the result."""
        return self.at.label

    @property
    def family(self) -> str:
        """The family of the attack's optimiser."""
        attack = self.at.attack
        return attack.find(attack.optimiser).family


@dataclass(frozen=True)
class CheckInputs:
    """The results of one model."""

    study: Study
    run: Run
    results: Sequence[CheckedResult]
    clean: Outcome
    """All scored queries without attack."""
    chance: float
    """Recall@1 of a random ranking."""
    extra: Mapping[str, Outcome]
    """The queries of the checks under the extra runs, by label."""
    clean_counts: Counts
    deviation: NDArray[np.float64]
    """(N,), by how much the embeddings of clean queries differ in a second pass, relative to the spread of all."""

    def of(self, *families: str) -> list[CheckedResult]:
        """Return the results of the optimisers of these families."""
        return [result for result in self.results if result.family in families]

    def result(self, at: AttackAt) -> CheckedResult:
        """Return the result of an attack of the study."""
        return next(result for result in self.results if result.label == at.label)

    def outcome_of(self, wanted: AttackAt) -> Outcome:
        """Return the outcome of an extra run, or of the attack of the study that equals it."""
        equal = equal_attack(self.study, wanted)
        return self.extra[wanted.label] if equal is None else self.result(equal).sample

    def labels(self, name: str) -> list[str]:
        """Return the labels of one attack at all its radii."""
        return [result.label for result in self.results if result.at.name == name]


def references(study: Study) -> list[AttackAt]:
    """Return each iterative attack at one radius: the one nearest to the radius of the trainings, else its first.

    Of attacks that differ in their steps alone the first stands for all: together they show what steps do. The choice
    depends neither on the headline nor on other attacks, so that the extra runs outlast a change of these.
    """
    found: list[AttackAt] = []
    for name, attack in study.attacks.items():
        iterative = attack.record.family == "iterative"
        if iterative and not any(at.attack.alike(attack, "steps", "epsilon", "as_released") for at in found):
            found.append(AttackAt(name, attack, _reference_radius(study, attack)))
    return found


def standards(study: Study) -> list[AttackAt]:
    """Return the standard protocol in each of its balls, at the radius nearest to that of the trainings."""
    return [
        AttackAt(name, attack, _reference_radius(study, attack))
        for name, attack in study.attacks.items()
        if attack.is_standard
    ]


def _reference_radius(study: Study, attack: AttackConfig) -> float:
    trained = [training.attack for training in study.trainings.values() if training.record.attacks]
    radii = [config.epsilon for config in trained if config.norm == attack.norm]
    if not radii:
        return sorted(attack.epsilon)[(len(attack.epsilon) - 1) // 2] if attack.is_standard else attack.epsilon[0]
    usual = max(radii, key=radii.count)
    return min(attack.epsilon, key=lambda epsilon: abs(epsilon - usual))


def no_standard(inputs: CheckInputs) -> Finding:
    """Return the finding of a gate of the standard in a study without it, or without queries for it."""
    if standards(inputs.study):
        return not_run("evaluation.check_queries is 0")
    return not_run("the study does not run the standard protocol")


def verdict(observed: float, expected: str, tainted: Sequence[str], why: str) -> Finding:
    """Return a finding that fails if it taints any result; `why` names them in place of {}."""
    labels = tuple(dict.fromkeys(tainted))
    reason = why.format(", ".join(labels)) if labels else ""
    return Finding("fail" if labels else "pass", round(observed, 6), expected, labels, reason)


def not_run(why: str) -> Finding:
    """Return the finding of a check that has nothing to compare."""
    return Finding("not run", None, "", (), why)


def no_reference(inputs: CheckInputs) -> str:
    """Return why a check that wants extra runs has none."""
    if not inputs.study.evaluation.check_queries:
        return "evaluation.check_queries is 0"
    return "the study has no iterative attack"


@dataclass(frozen=True)
class Pair:
    """A result, and what its recall@1 must not exceed by a point: another outcome of the same queries."""

    label: str
    attack: Outcome
    other: Outcome

    @property
    def gap(self) -> float:
        """By how much recall@1 of the attack is the higher one."""
        return self.attack.recall - self.other.recall


def compared(pairs: Sequence[Pair], why: str, expected: str = f"<= {POINT}") -> Finding:
    """Return the finding of pairs of outcomes; one fails where the gap exceeds a point beyond its sampling error."""
    tainted = [pair.label for pair in pairs if pair.attack.surely_above(pair.other, POINT)]
    return verdict(max(pair.gap for pair in pairs), expected, tainted, why)


WEAKER = "weaker than this control: {}"


def weaker_controls(inputs: CheckInputs, controls: Sequence[CheckedResult]) -> Finding:
    """Compare each control with the strongest white-box attack in its ball."""
    pairs = []
    for control in controls:
        rivals = [result for result in inputs.of(*WHITE_BOX) if result.at.rivals(control.at)]
        if rivals:
            best = min(rivals, key=lambda result: result.recall)
            pairs.append(Pair(best.label, best.everyone, control.everyone))
    if not pairs:
        return not_run("the study has no such attack beside a white-box one in its ball")
    return compared(pairs, WEAKER)


def share_at_most(inputs: CheckInputs, count: str, bound: float, why: str) -> Finding:
    """Check that a count is at most a share of the queries, unperturbed and under every attack."""
    counts = {CLEAN.label: inputs.clean_counts} | {result.label: result.counts for result in inputs.results}
    shares = {label: of.shares()[count] for label, of in counts.items()}
    tainted = [label for label, share in shares.items() if surely_more(share, counts[label].queries, bound)]
    return verdict(max(shares.values()), f"<= {bound:g}", tainted, why)


def surely_more(share: float, queries: int, bound: float) -> bool:
    """Return whether a share of some queries is above a bound by more than chance."""
    from robust_dml.statistics.intervals import wilson  # brings numpy, which planning does without

    return share > bound and wilson(share, queries, ONE_SIDED)[0] > bound


def doubled(study: Study, setting: str) -> list[tuple[AttackAt, AttackAt]]:
    """Return each reference that has a setting, with the same attack at twice its value."""
    count = study.evaluation.check_queries
    pairs = []
    for at in references(study):
        value = getattr(at.attack.options, setting, None)
        if value is not None:
            pairs.append((at, at.changed(count, **{setting: 2 * value})))
    return pairs


def doubling_changes_little(inputs: CheckInputs, setting: str) -> Finding:
    """Check that twice a setting lowers recall@1 by less than a point."""
    if not inputs.study.evaluation.check_queries or not references(inputs.study):
        return not_run(no_reference(inputs))
    pairs = doubled(inputs.study, setting)
    if not pairs:
        return not_run("the study has no such attack")
    same = [
        Pair(label, inputs.result(at).sample, inputs.outcome_of(twice))
        for at, twice in pairs
        for label in inputs.labels(at.name)
    ]
    return compared(same, f"twice the {setting} lower recall@1 further under {{}}")
