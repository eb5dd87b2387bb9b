"""Selects the trainings and attacks that tables and figures single out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from robust_dml.config import Study
from robust_dml.config.evaluation import AttackAt, attacks_of
from robust_dml.config.models import NO_LOSS
from robust_dml.config.resolve import ModelName, runs
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.options import Entry

STANDARD = "standard-v"
MANY_RIVALS = 3


class Group(NamedTuple):
    """The models that a table compares with each other: those of one dataset and loss."""

    dataset: str
    loss: str

    def model(self, training: str) -> ModelName:
        """Return the name of the model of a training."""
        return ModelName(self.dataset, self.loss, training)


def groups(study: Study) -> list[Group]:
    """Return the pairs of dataset and loss that the study has models of."""
    return list(dict.fromkeys(Group(run.dataset, run.loss) for run in runs(study)))


def models_of(study: Study) -> list[ModelName]:
    """Return every model of the study, whatever its seed, in the order of its YAML."""
    return list(dict.fromkeys(run.model for run in runs(study)))


def photographs(study: Study) -> list[str]:
    """Return the datasets whose images are worth looking at: not the Gaussians, which are noise to the eye."""
    return [name for name, dataset in study.datasets.items() if dataset.record.photographs]


def measured_groups(study: Study) -> list[Group]:
    """Return the groups that have a panel in figures of R@1: those of photographs, or all if the study has none.

    Models that are not trained have no panel of their own where a trained one has one: their lines are in its panel.
    """
    shown = [group for group in groups(study) if group.dataset in photographs(study)] or groups(study)
    return [group for group in shown if group.loss != NO_LOSS] or shown


def models_in_panel(study: Study, group: Group) -> list[ModelName]:
    """Return the models whose lines a panel shows: those of its group, and the untrained ones of its dataset."""
    own = [model for model in models_of(study) if (model.dataset, model.loss) == group]
    references = [model for model in models_of(study) if (model.dataset, model.loss) == (group.dataset, NO_LOSS)]
    return list(dict.fromkeys([*own, *references]))


def trainings_of(study: Study, group: Group) -> list[str]:
    """Return the trainings that the study has models of in a group."""
    return [model.training for model in models_of(study) if (model.dataset, model.loss) == group]


def natural(study: Study, group: Group) -> str | None:
    """Return the training that a group is compared with: `report.natural`, else the first natural one."""
    return _chosen(study, group, study.report.natural, "natural")


def robust(study: Study, group: Group) -> str | None:
    """Return the training that stands for robust training in a group: `report.robust`, else the first robust one."""
    return _chosen(study, group, study.report.robust, "robust")


def _chosen(study: Study, group: Group, chosen: str | None, family: str) -> str | None:
    here = trainings_of(study, group)
    if chosen in here:
        return chosen
    return next((name for name in here if name in of_family(study, family)), None)


def has_pair(study: Study, group: Group) -> bool:
    """Return whether a group has both a natural and a robust model."""
    names = {natural(study, group), robust(study, group)}
    return len(names) == 2 and None not in names


def of_family(study: Study, family: str) -> list[str]:
    """Return the trainings whose method is of a family: natural, robust or rival."""
    return [name for name, training in study.trainings.items() if training.record.family == family]


def has_many_rivals(study: Study) -> bool:
    """Return whether a study compares so many rival trainings that the table of rivals alone does not show it."""
    return len(of_family(study, "rival")) >= MANY_RIVALS


def option(section: Entry, key: str) -> Any:
    """Return an option of an entry, None if the entry has no such option."""
    return getattr(section.options, key, None)


def slot_series(study: Study) -> list[list[str]]:
    """Return series of robust trainings that differ only in the slot of the tuple that they perturb."""
    return _varying(_robust_trainings(study), "perturb", "losses", "seeds")


def rate_series(study: Study) -> list[list[str]]:
    """Return series of robust trainings that differ only in the attack rate, lowest rate first."""
    series = _varying(_robust_trainings(study), "attack_rate", "losses", "seeds")
    return [sorted(names, key=lambda name: option(study.trainings[name], "attack_rate")) for names in series]


def _robust_trainings(study: Study) -> dict[str, Entry]:
    return {name: study.trainings[name] for name in of_family(study, "robust")}


def step_series(study: Study) -> list[list[str]]:
    """Return series of attacks that differ only in their number of steps, fewest steps first."""
    series = _varying(study.attacks, "steps", "step_size", "epsilon")
    return [sorted(names, key=lambda name: study.attacks[name].steps) for names in series]


def _varying(sections: Mapping[str, Entry], key: str, *ignored: str) -> list[list[str]]:
    """Return the names of sections that differ in the option `key` and are alike in all but that and `ignored`."""
    series: list[list[str]] = []
    for name, section in sections.items():
        alike = next((names for names in series if sections[names[0]].alike(section, key, *ignored)), None)
        if alike is None:
            series.append([name])
        else:
            alike.append(name)
    return [names for names in series if len({option(sections[name], key) for name in names}) > 1]


def headline(study: Study) -> AttackAt:
    """Return the attack of the main comparison: `report.headline`, else the first. Raises UserError without attacks."""
    known = {at.label: at for at in attacks_of(study)}
    if not known:
        raise UserError(f"{study.name}: a report needs at least one attack; add one under attacks")
    return known.get(study.report.headline or "", next(iter(known.values())))


def step_results(study: Study) -> list[AttackAt]:
    """Return one series of steps in the headline's ball: the series that has the headline, else the first one."""
    main = headline(study)
    series = sorted(step_series(study), key=lambda names: main.name not in names)
    names = series[0] if series else []
    return [at for name in names for at in attacks_of(study) if at.name == name and at.rivals(main)]


def is_standard(at: AttackAt) -> bool:
    """Return whether an attack is a version of the standard protocol, such as `standard-v1`."""
    return at.name.startswith(STANDARD)


def curve(study: Study) -> list[AttackAt]:
    """Return the attack whose results say most about robustness, at each of its radii, the smallest first.

    It is the standard if the study has it, else an ensemble in the headline's ball, else the headline.
    """
    main = headline(study)
    every = [at for at in attacks_of(study) if at.attack.norm == main.attack.norm]
    best = next((at for at in every if is_standard(at)), None) or next(iter(worst_cases(study)), main)
    return sorted((at for at in every if at.name == best.name), key=lambda at: at.epsilon)


def beside(study: Study) -> AttackAt | None:
    """Return the study's own attack that tables set beside the curve of the worst case; None if it has no other.

    It is the headline, or the first attack in its ball, where the curve is the headline's own.
    """
    main, name = headline(study), curve(study)[0].name
    others = [at for at in (main, *attacks_of(study)) if at.name != name and at.rivals(main)]
    return next((at for at in others if not at.is_ensemble and at.attack.record.family != "control"), None)


def worst_cases(study: Study) -> list[AttackAt]:
    """Return the standard and the ensembles of attacks in the headline's ball."""
    main = headline(study)
    found = [at for at in attacks_of(study) if (at.is_ensemble or is_standard(at)) and at.rivals(main)]
    return sorted(found, key=lambda at: not is_standard(at))


def main_results(study: Study) -> list[AttackAt]:
    """Return the standard, the headline, other worst cases, and the other attacks in their ball.

    Controls are left out, and so are attacks that repeat another one with fewer steps.
    """
    main = headline(study)
    repeated = {name for names in step_series(study) for name in _all_but_one(names, main.name)}
    standard = [at for at in worst_cases(study) if is_standard(at)]
    first = [*standard, *(at for at in [main, *worst_cases(study)] if at not in standard)]
    first = [at for n, at in enumerate(first) if at not in first[:n]]
    others = [at for at in attacks_of(study) if at not in first and at.rivals(main) and at.name not in repeated]
    return [*first, *(at for at in others if at.attack.record.family != "control")]


def _all_but_one(names: list[str], preferred: str) -> list[str]:
    kept = preferred if preferred in names else names[-1]
    return [name for name in names if name != kept]
