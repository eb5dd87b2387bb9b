"""Attacks one trained model with everything its study asks for, and writes what came of it."""

from __future__ import annotations

import shutil
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from robust_dml.config import Run, Study, attack_settings
from robust_dml.config.paths import attack_folder, state_folder
from robust_dml.evaluation.blocks import SECONDS, Arrays
from robust_dml.evaluation.checks import Facts, Result, run_checks
from robust_dml.evaluation.exact import exact_float32
from robust_dml.evaluation.examples import spread, write_examples
from robust_dml.evaluation.result import identity, origin, write_result
from robust_dml.evaluation.runner import Runner, require_consistent, source_of
from robust_dml.evaluation.score import Clean, rank_clean, score
from robust_dml.evaluation.target import Subject, load_subject, model_sha256
from robust_dml.evaluation.trials import Trials
from robust_dml.metrics.clustering import clustering_metrics
from robust_dml.runtime.files import digest_of, write_json
from robust_dml.runtime.progress import say
from robust_dml.runtime.provenance import provenance, revision


def evaluate(study: Study, run: Run) -> None:
    """Write clean.json, a JSON file per attack and epsilon, checks.json, examples.npz and run.json of one model.

    A killed evaluation goes on at its last finished block and ends in the same bytes.
    Raises UserError if the model or its data are missing.
    """
    require_consistent(study)
    with exact_float32():
        Evaluation(study, run).work()


class Evaluation:
    """The evaluation of one model."""

    def __init__(self, study: Study, run: Run) -> None:
        self.study, self.run = study, run
        self.folder = attack_folder(study.name, run)
        self.subject: Subject = load_subject(study, run)
        self.clean: Clean = rank_clean(self.subject)
        self.examples = spread(len(self.subject.queries.ids), study.report.examples)

    def work(self) -> None:
        """Everything, in the order in which the parts need each other."""
        self._write_clean()
        results = {
            f"{name}-{epsilon:g}": self._write_attack(name, epsilon, arrays)
            for name, epsilon, arrays in self.runner.attack_all()
        }
        write_json(self.folder / "checks.json", {"checks": run_checks(self._facts(results))})
        headline = self.study.report.headline or next(iter(results), "clean")
        path, attacked = self.folder / "examples.npz", self.runner.found.get(headline)
        write_examples(path, self.subject, self.clean, self.examples, attacked)
        self._write_record()
        shutil.rmtree(self.state.parent, ignore_errors=True)  # with what older settings may have left

    @cached_property
    def state(self) -> Path:
        """Where finished blocks are kept until all is done."""
        settings, subject = attack_settings(self.study, self.run), self.subject
        sources = [config.source for config in self.study.attacks.values() if config.source]
        others = [model_sha256(self.study, source_of(self.study, self.run, source)) for source in sources]
        digest = digest_of([settings, subject.model_sha256, others, subject.data_sha256, revision()])
        return state_folder(self.study.name, self.run, "attack", digest)

    @cached_property
    def runner(self) -> Runner:
        """What runs the attacks."""
        clean_right = self.clean.masked.right.cpu().numpy()
        return Runner(self.study, self.run, self.subject, clean_right, self.examples, self.state)

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
        label = f"{name}-{epsilon:g}"
        write_result(self.folder / f"{label}.json", result)
        masked, released = (result["metrics"][protocol]["recall@1"] for protocol in ("masked", "as-released"))
        say(f"{label}: recall@1 {masked:.4f} ({released:.4f} as released)")
        return result

    def _facts(self, results: dict[str, dict[str, Any]]) -> Facts:
        masked, wanted = self.clean.masked, self.study.evaluation.check_queries
        scored = np.flatnonzero(masked.scored.cpu().numpy())
        some = scored[spread(len(scored), wanted)]
        return Facts(
            training=self.run.training,
            results=[self._result(label, result) for label, result in results.items()],
            clean=masked.metrics()["recall@1"],
            chance=float(masked.relevant.double().mean()) / max(1, len(self.subject.gallery.ids) - 1),
            pixels=self.subject.images(np.arange(1)).numel(),
            headline=self.study.report.headline,
            trials=Trials(self.subject, some, self.runner.found, self.runner.trial) if len(some) else None,
        )

    def _result(self, label: str, result: dict[str, Any]) -> Result:
        counts = {name: count / result["counts"]["queries"] for name, count in result["counts"].items()}
        config = self.study.attacks[result["attack"]]
        recall = result["metrics"]["masked"]["recall@1"]
        return Result(label, result["attack"], config, result["epsilon"], recall, counts)

    def _write_record(self) -> None:
        record = provenance(
            settings=attack_settings(self.study, self.run),
            seed=self.run.seed,
            data_sha256=self.subject.data_sha256,
            device=self.subject.device,
        )
        record["model_sha256"] = self.subject.model_sha256
        seconds = {label: float(arrays[SECONDS].sum()) for label, arrays in self.runner.found.items()}
        count = len(self.subject.queries.ids)
        record["attacks"] = {
            label: {"seconds": round(time, 3), "queries_per_second": round(count / time, 3) if time else None}
            for label, time in seconds.items()
        }
        write_json(self.folder / "run.json", record)
