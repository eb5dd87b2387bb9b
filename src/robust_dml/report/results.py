"""The result files of a study, each read once, when first used."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from robust_dml.config import ModelName, Run, Study
from robust_dml.config.evaluation import CLEAN, AttackAt
from robust_dml.config.paths import attack_folder, model_folder, results_folder, score_path
from robust_dml.config.resolve import runs
from robust_dml.report.examples import Examples, read_examples
from robust_dml.report.metrics import AGAIN, PROTOCOLS, MetricRow, missing_results, read_metrics
from robust_dml.report.result_files import (
    AttackRecord,
    AttackResult,
    CheckFinding,
    ChecksFile,
    HistoryRow,
    ModelRecord,
    read_as,
    read_history,
)
from robust_dml.report.seeds import Seeds
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.progress import say
from robust_dml.runtime.sealed import require_checksum, require_sha256

if TYPE_CHECKING:
    from robust_dml.report.samples import Sample


class Results:
    """The files of results/<study> that exist so far; each method raises UserError if its file is damaged."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.folder = results_folder(study.name)
        self._samples: dict[tuple[ModelName, str, str], Sample | None] = {}
        self._queries: dict[str, int | None] = {}

    @cached_property
    def rows(self) -> list[MetricRow]:
        """All rows of metrics.csv; one line on standard error names missing results.

        Raises UserError if the file was changed by hand.
        """
        path = self.folder / "metrics.csv"
        rows = read_metrics(path, self.study)
        require_checksum(path, AGAIN)
        missing = missing_results(rows, self.study)
        if missing:
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            say(f"{path}: lacks {missing[0]}{more}; cells without a value hold a dash")
        return rows

    @cached_property
    def rows_of(self) -> dict[ModelName, list[MetricRow]]:
        """The rows of each model that has any."""
        found: dict[ModelName, list[MetricRow]] = {}
        for row in self.rows:
            found.setdefault(row.model, []).append(row)
        return found

    @cached_property
    def _ends(self) -> dict[tuple[ModelName, str, str, str], list[tuple[float, float]]]:
        found: dict[tuple[ModelName, str, str, str], list[tuple[float, float]]] = {}
        for row in self.rows:
            if row.low is not None and row.high is not None:
                found.setdefault((row.model, row.label, row.metric, row.protocol), []).append((row.low, row.high))
        return found

    def ends(self, model: ModelName, label: str, metric: str, protocol: str) -> list[tuple[float, float]]:
        """Return low and high of the 95 % interval over queries of each seed that metrics.csv has one of."""
        return self._ends.get((model, label, metric, protocol), [])

    @cached_property
    def _seeds(self) -> dict[tuple[ModelName, str, str, str], dict[int, float]]:
        found: dict[tuple[ModelName, str, str, str], dict[int, float]] = {}
        for row in self.rows:
            found.setdefault((row.model, row.label, row.metric, row.protocol), {})[row.seed] = row.value
        return found

    def seeds(self, model: ModelName, label: str, metric: str = "recall@1", protocol: str = "masked") -> Seeds:
        """Return the value of each seed, a share in [0, 1]; empty if nothing was measured."""
        return self._seeds.get((model, label, metric, protocol), {})

    def runs(self, model: ModelName) -> list[Run]:
        """Return the seeds of a model, measured or not."""
        return [run for run in runs(self.study) if run.model == model]

    def attack(self, run: Run, at: AttackAt) -> AttackResult | None:
        """Return what one attack did, or the clean queries; None if it has not run."""
        return read_as(AttackResult, score_path(self.study.name, run, at.label))

    def sample(self, model: ModelName, at: AttackAt, protocol: str = "masked") -> Sample | None:
        """Return what each query of each seed did under one attack, or unperturbed; None without results.

        Only seeds that metrics.csv has are part of it.
        """
        if (model, at.label, protocol) not in self._samples:
            self._read_samples(model, at)
        return self._samples[model, at.label, protocol]

    def _read_samples(self, model: ModelName, at: AttackAt) -> None:
        """Read the results of every seed once, for both protocols."""
        from robust_dml.report.samples import outcomes, over_seeds

        measured = self.seeds(model, at.label)
        found = {run.seed: self.attack(run, at) for run in self.runs(model) if run.seed in measured}
        for protocol in PROTOCOLS:
            samples = {seed: outcomes(result.queries, protocol) for seed, result in found.items() if result}
            self._samples[model, at.label, protocol] = over_seeds(samples)

    def findings(self, run: Run) -> tuple[CheckFinding, ...]:
        """Return the sanity checks of a model's attacks. Raises UserError if an attacked model has none."""
        path = attack_folder(self.study.name, run) / "checks.json"
        found = read_as(ChecksFile, path)
        if found is None and run in self._attacked:
            raise UserError(f"{path}: no such file, but metrics.csv has attacks on this model; run snakemake again")
        return found.checks if found else ()

    @cached_property
    def _attacked(self) -> set[Run]:
        return {row.run for row in self.rows if row.attack != CLEAN.name}

    def model_record(self, run: Run) -> ModelRecord | None:
        """Return run.json of a training, None if it has not ended."""
        return read_as(ModelRecord, model_folder(self.study.name, run) / "run.json")

    def attack_record(self, run: Run) -> AttackRecord | None:
        """Return run.json of the attacks on a model, None if they have not ended."""
        return read_as(AttackRecord, attack_folder(self.study.name, run) / "run.json")

    def history(self, run: Run) -> list[HistoryRow]:
        """Return the epochs of a training; empty if it has not run."""
        path = model_folder(self.study.name, run) / "history.csv"
        history, record = read_history(path), self.model_record(run)
        if record:
            require_sha256(path, record.history_sha256, AGAIN)
        return history

    def examples(self, model: ModelName) -> Examples | None:
        """Return the kept queries of a model's first seed; None if it has not been attacked."""
        run = self.runs(model)[0]
        path = attack_folder(self.study.name, run) / "examples.npz"
        examples, record = read_examples(path, model), self.attack_record(run)
        if record:
            require_sha256(path, record.examples_sha256, AGAIN)
        return examples

    def queries(self, dataset: str) -> int | None:
        """Return how many queries of a dataset enter the metrics; None if none has been measured."""
        if dataset not in self._queries:
            clean = (self.attack(run, CLEAN) for run in runs(self.study) if run.dataset == dataset)
            self._queries[dataset] = next((result.counts.scored for result in clean if result), None)
        return self._queries[dataset]
