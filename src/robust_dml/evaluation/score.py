"""From stored embeddings to metrics, counts, checks and examples: seconds of work, and no pass of any network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from robust_dml.config import Run, Study
from robust_dml.config.digests import scored_metrics
from robust_dml.config.evaluation import CLEAN, STANDARD_METRIC, AttackAt, attacks_of, clean_again
from robust_dml.config.paths import attack_folder, score_path
from robust_dml.data import open_dataset
from robust_dml.evaluation.attacked import Attacked
from robust_dml.evaluation.check_inputs import CheckedResult, CheckInputs
from robust_dml.evaluation.ensemble import worst_case
from robust_dml.evaluation.examples import write_examples
from robust_dml.evaluation.intervals import query_intervals
from robust_dml.evaluation.outcome import Outcome
from robust_dml.evaluation.planned import checks, extra_runs
from robust_dml.evaluation.record import write_checks, write_record
from robust_dml.evaluation.result import Counts, QueryColumns, Result, identity, write_result
from robust_dml.evaluation.sample import evaluated_parts, queries_of_checks
from robust_dml.evaluation.stored import StoredResults
from robust_dml.metrics import depth_of, means, query_values
from robust_dml.records import METRICS, OPTIMISERS
from robust_dml.retrieval import Items, Protocol, Ranking, rank, rank_attacked
from robust_dml.runtime.progress import say
from robust_dml.runtime.provenance import versions

COLLAPSE = 1e-6  # neighbours closer than this count as one point, so that their order is meaningless


def score_model(study: Study, run: Run) -> None:
    """Write a JSON file per attack and epsilon, checks.json, examples.npz and run.json of one attacked model.

    Raises UserError if a result is missing, damaged, or was made for another model or other images.
    """
    evaluation = Evaluation(study, run)
    for at in [CLEAN, *attacks_of(study)]:
        evaluation.write(at)
    write_checks(attack_folder(study.name, run) / "checks.json", checks(), evaluation.check_inputs())
    headline = study.report.headline or next((at.label for at in attacks_of(study)), "clean")
    write_examples(attack_folder(study.name, run) / "examples.npz", evaluation, evaluation.stored.load(headline))
    write_record(study, run, evaluation.stored)


@dataclass(frozen=True)
class Evaluated:
    """The ranking of one result, and its scores."""

    masked: Ranking
    result: Result


class Evaluation:
    """The stored results of one model, and the clean queries and gallery that they are scored against."""

    def __init__(self, study: Study, run: Run) -> None:
        self.study, self.run = study, run
        self.dataset = open_dataset(study.datasets[run.dataset], study.data_root)
        self.evaluated: dict[str, Evaluated] = {}
        self.part, self.gallery_part = evaluated_parts(study, self.dataset)
        same = self.gallery_part is self.part
        self.stored = StoredResults(study, run, self.dataset.sha256, 0 if same else len(self.gallery_part))
        clean = self.stored.load(CLEAN.label)
        self.queries = Items.of(torch.from_numpy(clean.embeddings), self.part)
        self.gallery = self.queries if same else Items.of(torch.from_numpy(clean.gallery), self.gallery_part)
        self.depth = depth_of(scored_metrics(study))
        self.clean = rank(self.queries, self.gallery, depth=self.depth)
        self.clean_released = rank(self.queries, self.gallery, "as-released", self.depth)

    def write(self, at: AttackAt) -> None:
        """Score one attack and write its file."""
        if at.is_ensemble:
            members = [self.stored.load(f"{member}-{at.epsilon:g}") for member in at.attack.members]
            self.stored.put(at.label, worst_case(self.stored.load(CLEAN.label), members, self._right))
        scored = self._score(at)
        self.evaluated[at.label] = scored
        write_result(score_path(self.study.name, self.run, at.label), scored.result)
        if at.config is not None:
            recalls = {protocol: metrics["recall@1"] for protocol, metrics in scored.result.metrics.items()}
            released = f" ({recalls['as-released']:.4f} as released)" if "as-released" in recalls else ""
            say(f"{at.label}: recall@1 {recalls['masked']:.4f}{released}")

    def ranking(self, embeddings: NDArray[np.float32], protocol: Protocol = "masked") -> Ranking:
        """Rank the gallery for all queries, embedded as given (Q, d); a query that is not finite has no hit."""
        return rank_attacked(self.queries, torch.from_numpy(embeddings), self.gallery, protocol, self.depth)

    def check_inputs(self) -> CheckInputs:
        """Return what the checks read."""
        study, positions = self.study, self.check_positions
        results = [
            CheckedResult(
                at=at,
                everyone=self._outcome(self.evaluated[at.label].masked, self.clean.scored.nonzero()[:, 0].numpy()),
                sample=self._outcome(self.evaluated[at.label].masked, positions),
                counts=self.evaluated[at.label].result.counts,
                broken_by=_broken_by(self.stored.load(at.label), at),
            )
            for at in attacks_of(study)
        ]
        return CheckInputs(
            study=study,
            run=self.run,
            results=results,
            clean=self._outcome(self.clean, self.clean.scored.nonzero()[:, 0].numpy()),
            chance=float(self.clean.relevant.double().mean()) / max(1, len(self.gallery) - 1),
            extra={at.label: self._extra(at) for at in extra_runs(study, self.run)},
            clean_counts=self.evaluated[CLEAN.label].result.counts,
            deviation=self._deviation(),
        )

    @property
    def check_positions(self) -> NDArray[np.int64]:
        """Return the positions of the queries of the extra runs."""
        return queries_of_checks(self.clean.scored.numpy(), self.study.evaluation.check_queries)

    def _extra(self, at: AttackAt) -> Outcome:
        extra = self.stored.load(at.label)
        everyone = self.queries.embeddings.numpy().copy()
        everyone[extra.positions] = extra.embeddings
        return self._outcome(self.ranking(everyone), extra.positions)

    def _outcome(self, ranking: Ranking, positions: NDArray[np.int64]) -> Outcome:
        return Outcome(ranking.right.numpy()[positions], self.queries.labels.numpy()[positions])

    def _deviation(self) -> NDArray[np.float64]:
        """Return by how much a second pass of clean queries differs, relative to the median spread of all (N,)."""
        if not self.study.evaluation.check_queries:
            return np.zeros(0)
        again = self.stored.load(clean_again(self.study.evaluation.check_queries).label)
        embeddings = self.queries.embeddings.double().numpy()
        spread = np.median(np.linalg.norm(embeddings - embeddings.mean(0), axis=1))
        moved = np.linalg.norm(again.embeddings.astype(np.float64) - embeddings[again.positions], axis=1)
        found: NDArray[np.float64] = np.nan_to_num(moved / max(spread, np.finfo(np.float64).tiny), nan=np.inf)
        return found

    def _right(self, embeddings: NDArray[np.float32]) -> NDArray[np.bool_]:
        return self.ranking(embeddings).right.numpy()

    def _score(self, at: AttackAt) -> Evaluated:
        attacked = self.stored.load(at.label)
        masked = self.clean if at.config is None else self.ranking(attacked.embeddings)
        released = self.clean_released if at.config is None else self._released(at, attacked)
        names = scored_metrics(self.study)
        values = {"masked": query_values(masked, names), "as-released": query_values(released, names)}
        if at.config is not None and at.config.is_standard:
            values = {"masked": {STANDARD_METRIC: values["masked"][STANDARD_METRIC]}}
        metrics = {protocol: means(of_queries) for protocol, of_queries in values.items()}
        labels = self.queries.labels[self.clean.scored]
        if at.config is None:
            metrics["masked"] |= self._of_embeddings(names)
        result = Result(
            identity=identity(self.study, self.run, at),
            metrics=metrics,
            intervals={protocol: query_intervals(of_queries, labels) for protocol, of_queries in values.items()},
            counts=_counts(masked, attacked),
            queries=self._columns(masked, released, attacked),
            origin=self._origin(attacked),
        )
        return Evaluated(masked, result)

    def _released(self, at: AttackAt, attacked: Attacked) -> Ranking:
        """Rank as the released code does.

        The figures come from the released code's own attack where it was run, else from the same embeddings, with
        queries that are wrong when clean left as they are.
        """
        if self.stored.has_released(at):
            return self.ranking(self.stored.released(at).embeddings, "as-released")
        right = self.clean.right.numpy()[:, None]
        spared = np.where(right, attacked.embeddings, self.queries.embeddings.numpy())
        return self.ranking(spared, "as-released")

    def _of_embeddings(self, names: Iterable[str]) -> dict[str, float]:
        found: dict[str, float] = {}
        for name in names:
            of_embeddings = METRICS.load(name).of_embeddings
            found |= of_embeddings(self.queries, self.run.seed) if of_embeddings else {}
        return found

    def _columns(self, masked: Ranking, released: Ranking, attacked: Attacked) -> QueryColumns:
        given = torch.from_numpy(attacked.embeddings)
        shift = torch.where(torch.isfinite(given), given - self.queries.embeddings, 0).norm(dim=1)
        return QueryColumns(
            id=self.queries.ids.tolist(),
            label=self.queries.labels.tolist(),
            scored=masked.scored.tolist(),
            clean_right=self.clean.right.tolist(),
            adversarial_right=masked.right.tolist(),
            adversarial_right_as_released=released.right.tolist(),
            norm=_short(attacked.norm),
            shift=_short(shift.numpy()),
            neighbour_clean=self._nearest_ids(self.clean),
            neighbour_adversarial=self._nearest_ids(masked),
        )

    def _nearest_ids(self, ranking: Ranking) -> list[int]:
        nearest = ranking.positions[:, 0]
        found: list[int] = torch.where(nearest >= 0, self.gallery.ids[nearest], -1).tolist()
        return found

    def _origin(self, attacked: Attacked) -> dict[str, Any]:
        """Return what a result was made from; without times, so that equal results are equal bytes."""
        return {
            "model_sha256": self.stored.model_sha256,
            "data_sha256": self.dataset.sha256,
            "revision": attacked.origin.revision,
            "device": attacked.origin.device,
            "versions": versions(),
        }


def _counts(masked: Ranking, attacked: Attacked) -> Counts:
    return Counts(
        queries=len(masked.relevant),
        scored=int(masked.scored.sum()),
        nan=int((~np.isfinite(attacked.embeddings).all(1)).sum()),
        zero_gradient=int(attacked.zero_gradient.sum()),
        collapsed=int(_collapsed(masked).sum()),
    )


def _collapsed(ranking: Ranking) -> Tensor:
    """Return bool (Q,): all the neighbours in the ranking lie at one distance."""
    found = ranking.positions >= 0
    farthest = ranking.distances.masked_fill(~found, 0).amax(1)
    return (farthest - ranking.distances[:, 0] < COLLAPSE) & (found.sum(1) > 1)


def _broken_by(attacked: Attacked, at: AttackAt) -> dict[str, int]:
    """Return how many queries each member of the standard protocol broke; nothing for another attack."""
    if not at.attack.is_standard:
        return {}
    names = import_module(OPTIMISERS.module(at.attack.optimiser)).member_names()
    return {name: int((attacked.member == number).sum()) for number, name in enumerate(names)}


def _short(values: np.ndarray) -> list[float]:
    """Return seven significant digits, as many as float32 has."""
    return [float(f"{value:.7g}") for value in values.tolist()]
