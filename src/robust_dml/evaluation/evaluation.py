"""Attacks one trained model with everything its study asks for, and writes what came of it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from robust_dml.config import Run, Study, attack_settings
from robust_dml.config.attacks import AttackConfig
from robust_dml.config.resolve import runs
from robust_dml.errors import UserError
from robust_dml.evaluation.as_released import RELEASED
from robust_dml.evaluation.attacking import Attack
from robust_dml.evaluation.blocks import SECONDS, Arrays, Blocks
from robust_dml.evaluation.checks import check
from robust_dml.evaluation.ensemble import select, worst_case
from robust_dml.evaluation.examples import example_positions, write_examples
from robust_dml.evaluation.precision import exact_float32
from robust_dml.evaluation.results import identity, origin, write_result
from robust_dml.evaluation.scoring import Clean, rank_clean, score
from robust_dml.evaluation.subject import Subject, load_subject
from robust_dml.files import digest_of, write_json
from robust_dml.metrics.clustering import clustering_metrics
from robust_dml.paths import attack_folder, state_folder
from robust_dml.progress import say
from robust_dml.provenance import provenance, revision


def evaluate(study: Study, run: Run) -> None:
    """Write clean.json, a JSON file per attack and epsilon, checks.json, examples.npz and run.json of one model.

    A killed evaluation goes on at its last finished block and ends in the same bytes.
    Raises UserError if the model or its data are missing.
    """
    with exact_float32():
        Evaluation(study, run).work()


@dataclass
class Evaluation:
    """The evaluation of one model."""

    study: Study
    run: Run

    def work(self) -> None:
        """Everything, in the order in which the parts need each other."""
        for name, config in self.study.attacks.items():
            require_consistent(self.study, name, config)
        self._write_clean()
        arrays: dict[str, Arrays] = {}
        results = {}
        for name, epsilon in self._order():
            label = f"{name}-{epsilon:g}"
            arrays[label] = self._attack(name, epsilon, arrays)
            results[label] = self._write_attack(name, epsilon, arrays[label])
        write_json(self.folder / "checks.json", {"checks": check(results)})
        headline = self.study.report.headline or next(iter(results), None)
        write_examples(
            self.folder / "examples.npz", self.subject, self.clean, self.examples, arrays.get(headline or "")
        )
        self._write_record({label: float(found[SECONDS].sum()) for label, found in arrays.items()})
        shutil.rmtree(self.state, ignore_errors=True)

    @cached_property
    def subject(self) -> Subject:
        """The model that is attacked."""
        return load_subject(self.study, self.run)

    @cached_property
    def clean(self) -> Clean:
        """Its rankings without attack."""
        return rank_clean(self.subject)

    @cached_property
    def examples(self) -> np.ndarray:
        """Positions of the queries whose images are kept."""
        return example_positions(self.clean.masked, self.study.report.examples)

    @property
    def folder(self) -> Path:
        """Where the results go."""
        return attack_folder(self.study.name, self.run)

    @cached_property
    def state(self) -> Path:
        """Where finished blocks are kept until all is done."""
        made_by = [
            attack_settings(self.study, self.run),
            self.subject.model_sha256,
            self.subject.data_sha256,
            revision(),
        ]
        return state_folder(self.study.name, self.run, "attack", digest_of(made_by))

    def _order(self) -> list[tuple[str, float]]:
        """All attacks of the study; worst cases last, since they use what the others found."""
        everything = [(name, epsilon) for name, config in self.study.attacks.items() for epsilon in config.epsilon]
        return sorted(everything, key=lambda item: self.study.attacks[item[0]].optimiser == "worst-case")

    def _attack(self, name: str, epsilon: float, found: dict[str, Arrays]) -> Arrays:
        config, label = self.study.attacks[name], f"{name}-{epsilon:g}"
        if config.optimiser != "worst-case":
            return self._in_blocks(config, epsilon, np.arange(len(self.subject.queries.ids)), label)
        members = [partial(self._member, member, epsilon, found, label) for member in config.members]
        return worst_case(self.subject, members, self.examples)

    def _member(self, name: str, epsilon: float, found: dict[str, Arrays], label: str, positions: np.ndarray) -> Arrays:
        """A member of an ensemble on some queries; taken from its own result if the study has one at this epsilon."""
        own = f"{name}-{epsilon:g}"
        if own in found:
            return {**select(found[own], positions, self.examples), SECONDS: np.zeros(1)}
        return self._in_blocks(self.study.attacks[name], epsilon, positions, f"{label}/{own}")

    def _in_blocks(self, config: AttackConfig, epsilon: float, positions: np.ndarray, label: str) -> Arrays:
        attack = Attack(
            subject=self.subject,
            config=config,
            epsilon=epsilon,
            source=self._source(config),
            stop_when_broken=self.study.evaluation.stop_when_broken,
            released=self.study.evaluation.as_released and config.optimiser in RELEASED,
            clean_right=self.clean.masked.right.cpu().numpy(),
            examples=self.examples,
        )
        blocks = Blocks(self.study.evaluation.block, self.study.evaluation.batch)
        return blocks.run(attack, positions, self.state / label, title=label)

    def _source(self, config: AttackConfig) -> Subject | None:
        if config.source is None:
            return None
        source = Run(self.run.dataset, self.run.loss, config.source, self.run.seed)
        if source not in set(runs(self.study)):
            raise UserError(f"attacks: source {config.source}: the study has no model {source.path} to transfer from")
        return load_subject(self.study, source)

    def _write_clean(self) -> None:
        scored = score(self.subject, self.clean)
        if self.study.evaluation.clusters:
            queries = self.subject.queries
            found = clustering_metrics(queries.embeddings, queries.labels, seed=self.run.seed)
            scored["metrics"]["masked"].update(found)
        what = identity(self.study, self.run, "none", None, 0.0)
        write_result(self.folder / "clean.json", {**what, **scored, **origin(self.subject)})

    def _write_attack(self, name: str, epsilon: float, arrays: Arrays) -> dict[str, Any]:
        what = identity(self.study, self.run, name, self.study.attacks[name], epsilon)
        result = {**what, **score(self.subject, self.clean, arrays), **origin(self.subject)}
        write_result(self.folder / f"{name}-{epsilon:g}.json", result)
        metrics = result["metrics"]
        say(
            f"{name}-{epsilon:g}: recall@1 {metrics['masked']['recall@1']:.4f}"
            f" ({metrics['as-released']['recall@1']:.4f} as released)"
        )
        return result

    def _write_record(self, seconds: dict[str, float]) -> None:
        count = len(self.subject.queries.ids)
        record = provenance(
            settings=attack_settings(self.study, self.run),
            seed=self.run.seed,
            data_sha256=self.subject.data_sha256,
            device=self.subject.device,
        )
        record["model_sha256"] = self.subject.model_sha256
        record["attacks"] = {
            label: {"seconds": round(time, 3), "queries_per_second": round(count / time, 3) if time else None}
            for label, time in seconds.items()
        }
        write_json(self.folder / "run.json", record)


def require_consistent(study: Study, name: str, config: AttackConfig) -> None:
    """The members of an ensemble perturb in its norm, and are no ensembles themselves."""
    for member in config.members:
        if study.attacks[member].optimiser == "worst-case":
            raise UserError(f"attacks.{name}.members: {member} is a worst case itself; name its members instead")
        if study.attacks[member].norm != config.norm:
            raise UserError(f"attacks.{name}.members: {member} has another norm than {name}")
