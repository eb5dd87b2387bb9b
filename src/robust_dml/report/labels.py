"""Names as a reader knows them."""

from __future__ import annotations

from robust_dml.config import Study
from robust_dml.report.selection import Result

METRICS = {
    "recall@1": "R@1",
    "recall@2": "R@2",
    "recall@4": "R@4",
    "recall@8": "R@8",
    "r-precision": "R-precision",
    "map@r": "mAP@R",
    "nmi": "NMI",
    "ami": "AMI",
}
WORDS = {"pgd": "PGD", "apgd": "APGD", "fgsm": "FGSM", "cw": "C&W", "r": "R"}
NORMS = {"linf": "\N{SCRIPT SMALL L}\N{INFINITY}", "l2": "\N{SCRIPT SMALL L}\N{SUBSCRIPT TWO}"}


def metric_label(metric: str) -> str:
    """recall@1 is R@1."""
    return METRICS.get(metric, metric)


def attack_label(attack: str) -> str:
    """carlini-wagner is C&W, pgd-margin is PGD-margin."""
    if attack == "none":
        return "clean"
    words = attack.replace("carlini-wagner", "cw").split("-")
    return "-".join(map(_word, words))


def _word(word: str) -> str:
    """pgd20 is PGD20."""
    name = word.rstrip("0123456789")
    return NORMS.get(word) or WORDS.get(name, name) + word[len(name) :]


OPTIMISERS = {"r-fgsm": "R-FGSM", "fgsm": "FGSM", "pgd": "PGD", "apgd": "APGD", "carlini-wagner": "C&W"}
ONE_STEP = ("fgsm", "r-fgsm", "worst-case")
COUNTED = {"square": "queries", "noise": "draws"}


def threat_label(study: Study, result: Result) -> str:
    """What an attack may do: norm, epsilon, and how long; its optimiser too where its name does not tell."""
    if result.attack == "none":
        return "no perturbation"
    attack = study.attacks[result.attack]
    parts = [f"{NORMS[attack.norm]}, ε = {result.epsilon:g}"]
    if attack.optimiser not in result.attack and attack.optimiser in OPTIMISERS:
        parts.insert(0, OPTIMISERS[attack.optimiser])
    if attack.optimiser not in ONE_STEP:
        parts.append(f"{attack.steps} {COUNTED.get(attack.optimiser, 'steps')}")
    if attack.restarts > 1:
        parts.append(f"{attack.restarts} restarts")
    return ", ".join(parts)


def objective_label(study: Study, result: Result) -> str:
    """What an attack aims at; an ensemble names its members."""
    if result.attack == "none":
        return "none"
    attack = study.attacks[result.attack]
    return "any of " + ", ".join(attack.members) if attack.members else attack.objective.replace("-", " ")


def result_label(study: Study, result: Result) -> str:
    """An attack with what it may do: `PGD (ℓ∞, ε = 0.1, 10 steps)`."""
    return f"{attack_label(result.attack)} ({threat_label(study, result)})"


FIGURES = {
    "retrieval": "Queries and their nearest neighbours",
    "gaussians": "Two Gaussians on a circle",
    "epsilon": "R@1 against ε",
    "steps": "R@1 against the steps of the attack",
    "curves": "Training curves",
    "slot": "The perturbed slot",
    "shift": "Shift of the embedding",
}


def duration(seconds: float) -> str:
    """`41 s`, `12 min`, `3.5 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
