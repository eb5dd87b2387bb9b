"""Sanity checks of the attacks on one model: is the instrument that measured these numbers sound?

After Carlini et al., "On Evaluating Adversarial Robustness" (2019), turned to retrieval. Each check has a verdict
(pass, fail, or not run), what was observed and expected, the results that it taints, and why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from robust_dml.config.attacks import AttackConfig
from robust_dml.evaluation.trials import Trials

POINT = 0.01
ONE_STEP = ("fgsm", "r-fgsm")
ITERATIVE = ("pgd", "apgd", "carlini-wagner")
NEAR_ZERO = 0.05
LARGE = 0.5  # with every pixel free to move this far, any image can become the same grey


@dataclass(frozen=True)
class Result:
    """What the checks know of an attack at one epsilon; counts are shares of the queries."""

    label: str
    name: str
    config: AttackConfig
    epsilon: float
    recall: float
    counts: dict[str, float]

    def rivals(self, other: Result) -> bool:
        """Whether the two perturb in the same ball."""
        return self.config.norm == other.config.norm and self.epsilon == other.epsilon


@dataclass(frozen=True)
class Facts:
    """All that the checks of one model go by."""

    training: str
    results: Sequence[Result]
    clean: float
    """Recall@1 without attack."""
    chance: float
    """Recall@1 of a random ranking."""
    pixels: int
    headline: str | None
    trials: Trials | None
    """None if the study wants no extra runs."""

    def of(self, *optimisers: str) -> list[Result]:
        """The results of these optimisers."""
        return [result for result in self.results if result.config.optimiser in optimisers]

    def references(self) -> list[Result]:
        """Each iterative attack at one epsilon: the headline's if it has it, else its first.

        An attack that is the headline's with other steps is left out: the two show what steps do by themselves.
        """
        found: dict[str, Result] = {}
        for result in self.of(*ITERATIVE):
            if result.name not in found or result.label == self.headline:
                found[result.name] = result
        headline = next((result for result in found.values() if result.label == self.headline), None)
        return [result for result in found.values() if result is headline or not _differs_in_steps(result, headline)]


Finding = dict[str, Any]


def run_checks(facts: Facts) -> list[Finding]:
    """Every check, as checks.json holds it."""
    return [{"check": name, **check(facts)} for name, check in CHECKS.items()]


def falls_with_epsilon(facts: Facts) -> Finding:
    """R@1 does not rise with epsilon, from clean queries on."""
    rises, tainted = [0.0], []
    for name in dict.fromkeys(result.name for result in facts.of(*ONE_STEP, *ITERATIVE)):
        before = facts.clean
        for result in sorted((r for r in facts.results if r.name == name), key=lambda r: r.epsilon):
            rises.append(result.recall - before)
            if result.recall - before > POINT:
                tainted.append(result.label)
            before = min(before, result.recall)
    return _verdict(max(rises), f"<= {POINT}", tainted, "recall@1 rises with epsilon under {}")


def zero_at_large_epsilon(facts: Facts) -> Finding:
    """The strongest iterative attack, allowed everything, leaves no more than chance."""
    if facts.trials is None or not facts.references():
        return _not_run(_no_trials(facts))
    strongest = min(facts.references(), key=lambda result: result.recall)
    epsilon = LARGE if strongest.config.norm == "linf" else LARGE * facts.pixels**0.5
    recall = facts.trials.changed(strongest.label, strongest.config, strongest.epsilon, epsilon=epsilon)
    bound = max(NEAR_ZERO, facts.chance)
    tainted = _labels(facts, strongest.name) if recall > bound else []
    return _verdict(recall, f"<= {bound:.3g}", tainted, f"recall@1 is {recall:.3f} at epsilon {epsilon:g} under {{}}")


def iterative_beats_one_step(facts: Facts) -> Finding:
    """An iterative attack with the same objective is at least as strong as a single step, in each ball."""
    gaps, tainted = [], []
    for single in facts.of(*ONE_STEP):
        same = [r for r in facts.of(*ITERATIVE) if r.rivals(single) and r.config.objective == single.config.objective]
        if same:
            best = min(same, key=lambda result: result.recall)
            gaps.append(best.recall - single.recall)
            tainted += [result.label for result in same if gaps[-1] > POINT]
    if facts.trials is not None and not gaps:
        for result in facts.references():
            once = facts.trials.changed(result.label, result.config, result.epsilon, optimiser="r-fgsm", step_size=None)
            gaps.append(facts.trials.recall(result.label) - once)
            tainted += [result.label] if gaps[-1] > POINT else []
    if not gaps:
        return _not_run(_no_trials(facts))
    return _verdict(max(gaps), f"<= {POINT}", tainted, "a single step is stronger than {}")


def more_steps(facts: Facts) -> Finding:
    """Twice the steps lower R@1 by less than a point."""
    return _doubled(facts, "steps", ITERATIVE)


def more_restarts(facts: Facts) -> Finding:
    """Twice the restarts lower R@1 by less than a point."""
    return _doubled(facts, "restarts", ("pgd", "apgd"))


def noise_is_weaker(facts: Facts) -> Finding:
    """Random noise in the same ball is no stronger than gradients; run for the purpose if the study lacks it."""
    if facts.of("noise") or facts.trials is None:
        return _weaker(facts, facts.of("noise"))
    gaps = {
        result.label: facts.trials.recall(result.label)
        - facts.trials.changed(result.label, result.config, result.epsilon, optimiser="noise", steps=1)
        for result in facts.references()
    }
    return _from_gaps(gaps) if gaps else _not_run("the study has no iterative attack")


def transfer_is_weaker(facts: Facts) -> Finding:
    """Images made for another model are no stronger than those made for this one."""
    others = [result for result in facts.of("transfer") if result.config.source != facts.training]
    if facts.of("transfer") and not others:
        return _not_run("the source of the transfer is this very training")
    return _weaker(facts, others)


def gradient_free_is_weaker(facts: Facts) -> Finding:
    """Square, which uses no gradient, is no stronger; otherwise the gradients mislead."""
    return _weaker(facts, facts.of("square"))


def gradients_exist(facts: Facts) -> Finding:
    """At most one query in a hundred has no gradient where its attack begins."""
    return _share(facts, "zero_gradient", POINT, "no gradient where the attack begins, under {}")


def values_are_finite(facts: Facts) -> Finding:
    """No attacked query has an embedding that is not a number."""
    return _share(facts, "nan", 0.0, "embeddings that are not finite under {}")


def embeddings_are_apart(facts: Facts) -> Finding:
    """At most one query in a hundred has all its neighbours at one distance, where ties decide."""
    return _share(facts, "collapsed", POINT, "neighbours at one and the same distance under {}")


CHECKS: dict[str, Callable[[Facts], Finding]] = {
    "R@1 falls with epsilon": falls_with_epsilon,
    "R@1 near zero at large epsilon": zero_at_large_epsilon,
    "iterative at least as strong as one step": iterative_beats_one_step,
    "doubling the steps": more_steps,
    "doubling the restarts": more_restarts,
    "noise weaker than white-box": noise_is_weaker,
    "transfer weaker than white-box": transfer_is_weaker,
    "gradient-free weaker than white-box": gradient_free_is_weaker,
    "queries without a gradient": gradients_exist,
    "values that are not finite": values_are_finite,
    "collapsed embeddings": embeddings_are_apart,
}


def _differs_in_steps(result: Result, headline: Result | None) -> bool:
    return headline is not None and result.config.same_but_for(headline.config, "steps")


def _doubled(facts: Facts, setting: str, optimisers: Iterable[str]) -> Finding:
    if facts.trials is None:
        return _not_run(_no_trials(facts))
    gains = {}
    for result in (r for r in facts.references() if r.config.optimiser in optimisers):
        twice = {setting: 2 * getattr(result.config, setting)}
        doubled = facts.trials.changed(result.label, result.config, result.epsilon, **twice)
        gains[result.label] = facts.trials.recall(result.label) - doubled
    if not gains:
        return _not_run("the study has no such attack")
    tainted = [label for gained, gain in gains.items() if gain >= POINT for label in _same_attack(facts, gained)]
    return _verdict(
        max(gains.values()), f"< {POINT}", tainted, f"twice the {setting} lower recall@1 further under {{}}"
    )


def _weaker(facts: Facts, controls: list[Result]) -> Finding:
    """Each control against the strongest white-box attack in its ball."""
    gaps: dict[str, float] = {}
    for control in controls:
        rivals = [result for result in facts.of(*ONE_STEP, *ITERATIVE) if result.rivals(control)]
        if rivals:
            best = min(rivals, key=lambda result: result.recall)
            gaps[best.label] = max(gaps.get(best.label, -1.0), best.recall - control.recall)
    return _from_gaps(gaps) if gaps else _not_run("the study has no such attack beside a white-box one in its ball")


def _from_gaps(gaps: dict[str, float]) -> Finding:
    tainted = [label for label, gap in gaps.items() if gap > POINT]
    return _verdict(max(gaps.values()), f"<= {POINT}", tainted, "weaker than this control: {}")


def _share(facts: Facts, count: str, bound: float, why: str) -> Finding:
    shares = {result.label: result.counts[count] for result in facts.results}
    tainted = [label for label, share in shares.items() if share > bound]
    return _verdict(max(shares.values(), default=0.0), f"<= {bound:g}", tainted, why)


def _verdict(observed: float, expected: str, tainted: list[str], why: str) -> Finding:
    tainted = list(dict.fromkeys(tainted))
    return {
        "verdict": "fail" if tainted else "pass",
        "observed": round(observed, 6),
        "expected": expected,
        "taints": tainted,
        "why": why.format(", ".join(tainted)) if tainted else "",
    }


def _not_run(why: str) -> Finding:
    return {"verdict": "not run", "observed": None, "expected": "", "taints": [], "why": why}


def _no_trials(facts: Facts) -> str:
    return "the study has no iterative attack" if facts.trials else "evaluation.check_queries is 0"


def _same_attack(facts: Facts, label: str) -> list[str]:
    return _labels(facts, next(result.name for result in facts.results if result.label == label))


def _labels(facts: Facts, name: str) -> list[str]:
    return [result.label for result in facts.results if result.name == name]
