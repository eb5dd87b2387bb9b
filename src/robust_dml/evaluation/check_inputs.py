"""What the sanity checks of one model read, and what they find.

The checks follow Carlini et al., "On Evaluating Adversarial Robustness" (2019), turned to retrieval. They are functions
of results that exist; the attacks that they need beside those of the study are planned with the study.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from robust_dml.config import Run, Study
from robust_dml.config.attacks import AttackConfig
from robust_dml.config.evaluation import CLEAN, AttackAt
from robust_dml.evaluation.planned import equal_attack

POINT = 0.01
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
    recall: float
    """Recall@1 over all scored queries."""
    recall_of_checks: float
    """Recall@1 over the queries of the checks, on which the extra runs are made."""
    shares: Mapping[str, float]
    """Counts as shares of the queries."""

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
    clean: float
    """Recall@1 without attack."""
    chance: float
    """Recall@1 of a random ranking."""
    extra: Mapping[str, float]
    """Recall@1 of the extra runs, by label, over the queries of the checks."""
    clean_shares: Mapping[str, float] = field(default_factory=dict)
    """Counts of the clean result as shares of the queries."""

    def of(self, *families: str) -> list[CheckedResult]:
        """Return the results of the optimisers of these families."""
        return [result for result in self.results if result.family in families]

    def result(self, at: AttackAt) -> CheckedResult:
        """Return the result of an attack of the study."""
        return next(result for result in self.results if result.label == at.label)

    def recall_of(self, wanted: AttackAt) -> float:
        """Return recall@1 under an extra run, or under the attack of the study that equals it."""
        equal = equal_attack(self.study, wanted)
        return self.extra[wanted.label] if equal is None else self.result(equal).recall_of_checks

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


def _reference_radius(study: Study, attack: AttackConfig) -> float:
    trained = [training.attack for training in study.trainings.values() if training.record.attacks]
    radii = [config.epsilon for config in trained if config.norm == attack.norm]
    if not radii:
        return attack.epsilon[0]
    usual = max(radii, key=radii.count)
    return min(attack.epsilon, key=lambda epsilon: abs(epsilon - usual))


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


def from_gaps(gaps: Mapping[str, float]) -> Finding:
    """Return the finding of attacks that should be at least as strong as a control: gap = attack minus control."""
    tainted = [label for label, gap in gaps.items() if gap > POINT]
    return verdict(max(gaps.values()), f"<= {POINT}", tainted, "weaker than this control: {}")


def weaker_controls(inputs: CheckInputs, controls: Sequence[CheckedResult]) -> Finding:
    """Compare each control with the strongest white-box attack in its ball."""
    gaps: dict[str, float] = {}
    for control in controls:
        rivals = [result for result in inputs.of(*WHITE_BOX) if result.at.rivals(control.at)]
        if rivals:
            best = min(rivals, key=lambda result: result.recall)
            gaps[best.label] = max(gaps.get(best.label, -1.0), best.recall - control.recall)
    if not gaps:
        return not_run("the study has no such attack beside a white-box one in its ball")
    return from_gaps(gaps)


def share_at_most(inputs: CheckInputs, count: str, bound: float, why: str) -> Finding:
    """Check that a count is at most a share of the queries, unperturbed and under every attack."""
    shares = {CLEAN.label: inputs.clean_shares.get(count, 0.0)}
    shares |= {result.label: result.shares[count] for result in inputs.results}
    tainted = [label for label, share in shares.items() if share > bound]
    return verdict(max(shares.values(), default=0.0), f"<= {bound:g}", tainted, why)


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
    gains = [(at, inputs.result(at).recall_of_checks - inputs.recall_of(twice)) for at, twice in pairs]
    tainted = [label for at, gain in gains if gain >= POINT for label in inputs.labels(at.name)]
    why = f"twice the {setting} lower recall@1 further under {{}}"
    return verdict(max(gain for _, gain in gains), f"< {POINT}", tainted, why)
