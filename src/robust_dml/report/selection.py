"""Which trainings and attacks of a study stand for what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from robust_dml.config import Study
from robust_dml.config.attacks import AttackConfig
from robust_dml.config.base import Section
from robust_dml.config.resolve import runs
from robust_dml.runtime.errors import UserError

CONTROLS = ("noise", "transfer", "square")


@dataclass(frozen=True)
class Result:
    """One attack at one epsilon, such as `pgd-0.1`; `clean` has no attack."""

    name: str
    attack: str
    epsilon: float


CLEAN = Result("clean", "none", 0.0)


def results_of(study: Study) -> list[Result]:
    """Every attack of the study at each of its epsilons, in the order of the YAML; clean is not among them."""
    return [
        Result(f"{name}-{epsilon:g}", name, epsilon)
        for name, attack in study.attacks.items()
        for epsilon in attack.epsilon
    ]


def headline(study: Study) -> Result:
    """The attack of the main comparison: the study's choice, else its first one."""
    known = {result.name: result for result in results_of(study)}
    if not known:
        raise UserError(f"{study.name}: a report needs at least one attack; add one under attacks")
    chosen = study.report.headline
    return known[chosen] if chosen in known else next(iter(known.values()))


def groups(study: Study) -> list[tuple[str, str]]:
    """The pairs of dataset and loss that the study has models of."""
    return list(dict.fromkeys((run.dataset, run.loss) for run in runs(study)))


def measured_groups(study: Study) -> list[tuple[str, str]]:
    """The groups that figures of R@1 show; the Gaussians, two classes on a circle, have a figure of their own."""
    shown = [group for group in groups(study) if study.datasets[group[0]].kind != "gaussians"]
    return shown or groups(study)


def trainings_of(study: Study, dataset: str, loss: str) -> list[str]:
    """The trainings that the study has models of."""
    found = (run.training for run in runs(study) if (run.dataset, run.loss) == (dataset, loss))
    return list(dict.fromkeys(found))


def natural(study: Study, dataset: str, loss: str) -> str | None:
    """The training that the others of a dataset and loss are compared with."""
    return _first(study, trainings_of(study, dataset, loss), study.report.natural, "natural")


def robust(study: Study, dataset: str, loss: str) -> str | None:
    """The training that stands for robust training on a dataset and loss."""
    return _first(study, trainings_of(study, dataset, loss), study.report.robust, "robust")


def _first(study: Study, names: list[str], chosen: str | None, method: str) -> str | None:
    if chosen in names:
        return chosen
    return next((name for name in names if study.trainings[name].method == method), None)


def rivals(study: Study) -> list[str]:
    """The trainings whose method is neither natural nor ours."""
    return [name for name, t in study.trainings.items() if t.method not in ("natural", "robust")]


def robust_trainings(study: Study) -> list[str]:
    """The trainings of our method."""
    return [name for name, training in study.trainings.items() if training.method == "robust"]


def slot_series(study: Study) -> list[list[str]]:
    """Robust trainings that differ in nothing but the slot they perturb."""
    return _varying({name: study.trainings[name] for name in robust_trainings(study)}, "perturb", "losses")


def rate_series(study: Study) -> list[list[str]]:
    """Robust trainings that differ in nothing but the attack rate, lowest first."""
    series = _varying({name: study.trainings[name] for name in robust_trainings(study)}, "attack_rate", "losses")
    return [sorted(names, key=lambda name: study.trainings[name].attack_rate) for names in series]


def step_series(study: Study) -> list[list[str]]:
    """Attacks that differ in nothing but their number of steps, fewest first."""
    series = _varying(study.attacks, "steps", "step_size", "epsilon")
    return [sorted(names, key=lambda name: study.attacks[name].steps) for names in series]


def step_results(study: Study) -> list[Result]:
    """The series of steps that the headline attack belongs to, else the first one, at the headline's epsilon."""
    main = headline(study)
    series = sorted(step_series(study), key=lambda names: main.attack not in names)
    known = {result.name: result for result in results_of(study)}
    names = [f"{name}-{main.epsilon:g}" for name in (series[0] if series else [])]
    return [known[name] for name in names if name in known]


def _varying(sections: Mapping[str, Section], key: str, *ignored: str) -> list[list[str]]:
    """The names of sections that differ in `key`, and are alike but for it and what is ignored."""
    alike: dict[str, list[str]] = defaultdict(list)
    for name, section in sections.items():
        alike[section.model_dump_json(exclude={key, *ignored})].append(name)
    return [names for names in alike.values() if len({getattr(sections[name], key) for name in names}) > 1]


def worst_cases(study: Study) -> list[Result]:
    """The ensembles of attacks at the headline's norm and epsilon."""
    main = headline(study)
    norm = study.attacks[main.attack].norm
    ensembles = [result for result in results_of(study) if study.attacks[result.attack].optimiser == "worst-case"]
    return [r for r in ensembles if r.epsilon == main.epsilon and study.attacks[r.attack].norm == norm]


def main_results(study: Study) -> list[Result]:
    """The headline, the worst case, and the other attacks of their norm and epsilon; no controls, no repeated steps."""
    main = headline(study)
    norm = study.attacks[main.attack].norm
    repeated = {name for names in step_series(study) for name in _all_but_one(names, main.attack)}
    first = [main, *worst_cases(study)]
    others = [result for result in results_of(study) if result not in first and result.epsilon == main.epsilon]
    return [*first, *(r for r in others if r.attack not in repeated and _counts(study, r, norm))]


def _counts(study: Study, result: Result, norm: str) -> bool:
    attack: AttackConfig = study.attacks[result.attack]
    return attack.norm == norm and attack.optimiser not in CONTROLS


def _all_but_one(names: list[str], preferred: str) -> list[str]:
    kept = preferred if preferred in names else names[-1]
    return [name for name in names if name != kept]
