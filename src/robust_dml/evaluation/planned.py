"""The results that an evaluation makes: the study's attacks, their released versions, and the extra runs of checks."""

from __future__ import annotations

from collections.abc import Iterator

from robust_dml.config import Run, Study
from robust_dml.config.digests import attack_digest
from robust_dml.config.evaluation import CLEAN, AttackAt, attacks_of, released_of
from robust_dml.config.resolve import runs
from robust_dml.records import CHECKS, Check


def checks() -> list[Check]:
    """Return every check, in order."""
    return sorted((CHECKS.load(name) for name in CHECKS.names), key=lambda check: check.order)


def planned_attacks(study: Study, run: Run) -> list[AttackAt]:
    """Return every attack that the evaluation of a model runs, each once: what plan, status and workflow count."""
    own = [at for at in attacks_of(study) if not at.is_ensemble]
    planned = [*own, *released_of(study), *extra_runs(study, run)]
    return list({at.label: at for at in planned}.values())


def extra_runs(study: Study, run: Run) -> Iterator[AttackAt]:
    """Yield the extra runs of the checks, but for those that equal an attack of the study."""
    if study.evaluation.check_queries:
        for check in checks():
            yield from (at for at in check.wants(study, run) if equal_attack(study, at) is None)


def equal_attack(study: Study, wanted: AttackAt) -> AttackAt | None:
    """Return the attack of the study that does the same as an extra run, on all queries; None if there is none.

    The very large radius depends on the size of the images, and is always run.
    """
    if wanted.config is None or {"epsilon", "effort"} & dict(wanted.changes).keys():
        return None
    for at in attacks_of(study):
        if at.epsilon == wanted.epsilon and at.attack.alike(wanted.attack, "epsilon", "as_released"):
            return at
    return None


def attack_digests(study: Study) -> dict[str, str]:
    """Return, by label, the digest of each stored result of a model; they are the same for every model of a study."""
    return {at.label: attack_digest(study, at) for at in _stored(study)}


def attacks_by_digest(study: Study) -> dict[str, AttackAt]:
    """Return, by digest, the attack that makes each stored result of a model, the first of those alike."""
    return {attack_digest(study, at): at for at in reversed(_stored(study))}


def _stored(study: Study) -> list[AttackAt]:
    return [CLEAN, *planned_attacks(study, next(iter(runs(study))))]
