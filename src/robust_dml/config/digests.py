"""What each job depends on: its own settings and the code that it runs, and nothing else.

Settings that change no result are left out: workers, block, device, and the validation of a training that keeps its
last epoch. The code is that of the job's module and of the entries that the job uses (`runtime.source_code`).
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from robust_dml.config.evaluation import AttackAt, attacks_of
from robust_dml.config.resolve import (
    Run,
    backbone_of,
    freeze_batchnorm_of,
    loss_of,
    miner_of,
    optimisation_of,
    report_settings,
    runs,
)
from robust_dml.config.standard import VERSION
from robust_dml.config.study import Study
from robust_dml.config.training import BackboneConfig
from robust_dml.records import (
    BACKBONES,
    CHECKS,
    DATASETS,
    FIGURES,
    LOSSES,
    METHODS,
    METRICS,
    MINERS,
    OBJECTIVES,
    OPTIMISERS,
    TABLES,
    THREATS,
)
from robust_dml.runtime.files import digest_of, sha256_of
from robust_dml.runtime.source_code import code_digest

PREPARE, TRAIN = "robust_dml.data.index.build", "robust_dml.training.loop"
PACK = "robust_dml.data.store.build"
UNTRAINED = "robust_dml.training.untrained"
REPORT = ("robust_dml.report.tables", "robust_dml.report.claims", "robust_dml.report.page")
MEASURE = "robust_dml.evaluation.measure"
ATTACK, SCORE = "robust_dml.evaluation.attack", "robust_dml.evaluation.score"
STANDARD = "robust_dml.evaluation.standard"
VALIDATION_ATTACK = "pgd"


def data_settings(study: Study, dataset: str) -> dict[str, Any]:
    """Return what the prepared images of a dataset depend on."""
    unrelated = {"seeds", "backbone", "losses", "trainings", "optimisation", "miner", "gallery", "split", "validation"}
    return study.datasets[dataset].model_dump(mode="json", exclude=unrelated)


def data_digest(study: Study, dataset: str) -> str:
    """Return a digest of what shapes the index and the packed images of a dataset."""
    code = code_digest(PREPARE, PACK, DATASETS.module(study.datasets[dataset].kind))
    return digest_of([data_settings(study, dataset), code])


def training_settings(study: Study, run: Run) -> dict[str, Any]:
    """Return what a trained model depends on, beside its images."""
    if run.training in study.models:
        own = {"backbone": backbone_of(study, run)[1].model_dump(mode="json"), "seed": run.seed}
        files = user_files(backbone_of(study, run)[1])
        return own | ({"files": files} if files else {})
    optimisation = optimisation_of(study, run)
    left_out = {"workers"} | ({"validate_every", "validation_queries"} if optimisation.checkpoint == "last" else set())
    dataset = study.datasets[run.dataset]
    return {
        "data": data_settings(study, run.dataset) | {"split": dataset.split, "validation": dataset.validation},
        "backbone": backbone_of(study, run)[1].model_dump(mode="json"),
        "freeze_batchnorm": freeze_batchnorm_of(study, run),
        "loss": loss_of(study, run).model_dump(mode="json"),
        "miner": miner_of(study, run).model_dump(mode="json"),
        "training": _training_itself(study, run),
        "optimisation": optimisation.model_dump(mode="json", exclude=left_out),
        "seed": run.seed,
    }


def user_files(backbone: BackboneConfig) -> list[str]:
    """Return hashes of the user's files that a model is built from: those of its code, and of its weights."""
    identity = backbone.record.identity(backbone.options)
    weights = backbone.weights if isinstance(backbone.weights, Path) and backbone.weights.is_file() else None
    return [*([identity] if identity else []), *([sha256_of(weights)] if weights else [])]


def _training_itself(study: Study, run: Run) -> dict[str, Any]:
    """Return the method's settings, and those of its attack where it shapes the model."""
    training = study.trainings[run.training]
    elsewhere = {"loss", "losses", "seeds", "optimisation", "backbone", "miner", "freeze_batchnorm"}
    if not (training.record.attacks or optimisation_of(study, run).checkpoint == "best-adversarial"):
        elsewhere |= {"attack", "ramp_epochs"}
    return training.model_dump(mode="json", exclude=elsewhere)


def training_code(study: Study, run: Run) -> str:
    """Return a digest of the code that trains a model: the loop, and the entries that it uses."""
    if run.training in study.models:
        return code_digest(UNTRAINED, *_backbone_modules(study, run))
    training = study.trainings[run.training]
    modules = [
        TRAIN,
        METHODS.module(training.method),
        LOSSES.module(study.losses[run.loss].kind),
        MINERS.module(miner_of(study, run).kind),
        *_backbone_modules(study, run),
    ]
    modules += [OPTIMISERS.module(name) for name in training.record.optimisers]
    if training.record.attacks:
        modules.append(OPTIMISERS.module(training.attack.optimiser))
    if optimisation_of(study, run).checkpoint == "best-adversarial":
        modules.append(OPTIMISERS.module(VALIDATION_ATTACK))
    return code_digest(*modules)


def _backbone_modules(study: Study, run: Run) -> list[str]:
    """Return the module of a run's backbone, and of the networks that it is made of."""
    backbone = backbone_of(study, run)[1]
    return sorted({BACKBONES.module(kind) for kind in (backbone.kind, backbone.measured_as)})


def training_digest(study: Study, run: Run) -> str:
    """Return a digest that changes exactly when a setting or code changes that shapes the model."""
    return digest_of([training_settings(study, run), training_code(study, run)])


def attack_settings(study: Study, at: AttackAt) -> dict[str, Any]:
    """Return what one attack depends on, beside the model and its images; not its name, nor other attacks."""
    evaluation = study.evaluation
    everyone = {"batch": evaluation.batch, "queries of all": evaluation.queries, "seed": study.seeds[0]}
    if evaluation.queries is None:
        everyone = {"batch": evaluation.batch}
    if at.config is None:
        again = {"again": at.queries} if at.changes else {}
        return {**everyone, **again}
    attack = at.config.model_dump(mode="json", exclude={"epsilon", "as_released"})
    epsilon = "large" if ("epsilon", "large") in at.changes else at.epsilon  # a function of the size of the images
    own = {"attack": attack, "epsilon": epsilon, "variant": at.variant, "queries": at.queries}
    if at.config.is_standard:
        smaller = sorted(radius for radius in at.config.epsilon if radius < at.epsilon)
        return {**everyone, **own, "smaller radii": smaller, "effort": at.effort}
    return {**everyone, **own, "stop_when_broken": evaluation.stop_when_broken}


def attack_code(at: AttackAt) -> str:
    """Return a digest of the code that runs one attack; that of the backbone is part of the model's."""
    modules = [ATTACK]
    if at.config is not None and at.variant == "released":
        modules.append((at.config.record.released or "").partition(":")[0])
    elif at.config is not None and at.config.is_standard:
        modules += standard_modules()
    elif at.config is not None:
        modules += [OPTIMISERS.module(at.config.optimiser), OBJECTIVES.module(at.config.objective)]
    return code_digest(*modules)


def standard_modules() -> list[str]:
    """Return the modules that the members of the standard protocol run."""
    members = import_module(OPTIMISERS.module(VERSION)).MEMBERS
    optimisers = {OPTIMISERS.module(member.optimiser) for member in members}
    objectives = {OBJECTIVES.module(member.objective) for member in members}
    return [STANDARD, *sorted(optimisers | objectives)]


def attack_digest(study: Study, at: AttackAt) -> str:
    """Return a digest that changes exactly when a setting or code changes that shapes the results of an attack.

    It is the name of the stored result, so that a result which still fits is found whatever its attack is called.
    """
    return digest_of([attack_settings(study, at), attack_code(at)])


def threat_digest(study: Study, name: str) -> str:
    """Return a digest that changes exactly when a setting or code changes that shapes the readings of a threat."""
    config = study.threats[name]
    code = code_digest(MEASURE, THREATS.module(config.kind), *config.record.code)
    queries = [study.evaluation.queries, study.seeds[0]] if study.evaluation.queries is not None else None
    return digest_of([config.model_dump(mode="json"), study.evaluation.batch, queries, code])


def score_settings(study: Study, run: Run) -> dict[str, Any]:
    """Return what the scores of a model depend on, beside the embeddings of its attacked queries."""
    return {
        "attacks": {name: attack.model_dump(mode="json") for name, attack in study.attacks.items()},
        "evaluation": study.evaluation.model_dump(mode="json", exclude={"block", "jobs"}),
        "examples": study.report.examples,
        "headline": study.report.headline,
        "split": study.datasets[run.dataset].split,
        "gallery": study.datasets[run.dataset].gallery,
        "backbone": backbone_of(study, run)[0],
        "seed": run.seed,
    }


def score_digest(study: Study, run: Run) -> str:
    """Return a digest that changes exactly when a setting or code changes that shapes the scores of a model."""
    metrics = [METRICS.module(name) for name in scored_metrics(study)]
    checks = [CHECKS.module(name) for name in CHECKS.names]
    standards = [OPTIMISERS.module(a.optimiser) for a in study.attacks.values() if a.is_standard]
    return digest_of([score_settings(study, run), code_digest(SCORE, *metrics, *checks, *standards)])


def scored_metrics(study: Study) -> list[str]:
    """Return the metrics of a study, with the clusters if it wants them."""
    clusters = ["clusters"] if study.evaluation.clusters else []
    return list(dict.fromkeys([*study.evaluation.metrics, *clusters]))


def report_digest(study: Study) -> str:
    """Return a digest of what shapes tables, claims and page, beside the results."""
    tables = [TABLES.module(name) for name in TABLES.names]
    return digest_of([report_settings(study), code_digest(*REPORT, *tables)])


def figure_digest(study: Study, figure: str) -> str:
    """Return a digest of what shapes one figure, beside the results; the title of a study is not drawn."""
    settings = {key: value for key, value in report_settings(study).items() if key != "title"}
    return digest_of([settings, code_digest("robust_dml.report.figures", FIGURES.module(figure))])


def stage_digests(study: Study) -> dict[str, str]:
    """Return one digest a stage: of all its jobs, the order of names included."""
    models = list(runs(study))
    return {
        "data": digest_of([data_digest(study, name) for name in study.datasets]),
        "models": digest_of([[*run, training_digest(study, run)] for run in models]),
        "attacks": digest_of(
            [
                *([at.label, attack_digest(study, at)] for at in attacks_of(study)),
                *([*run, score_digest(study, run)] for run in models),
                *([name, threat_digest(study, name)] for name in study.threats),
            ]
        ),
        "report": report_digest(study),
    }
