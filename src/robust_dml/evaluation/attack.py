"""Attack one trained model: one stored result per attack and radius, each made once.

A result fits while its digest does: the attack's settings, its code, the models and the images. A killed job continues
at its last finished block, and ends in the same embeddings.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import import_module
from pathlib import Path

import numpy as np

from robust_dml.config import Run, Study
from robust_dml.config.digests import STANDARD, attack_digest
from robust_dml.config.evaluation import CLEAN, AttackAt
from robust_dml.config.paths import attacked_path, state_folder, states_folder
from robust_dml.config.resolve import backbone_of, source_of, source_training
from robust_dml.config.study import KEPT_EXAMPLES
from robust_dml.evaluation.attacked import Attacked, fixed_point, load_attacked, read_origin, save_attacked
from robust_dml.evaluation.batches import AttackBatch, attack_batch, released_batch
from robust_dml.evaluation.blocks import run_blocks
from robust_dml.evaluation.origin import NOT_STAMPED, Origin
from robust_dml.evaluation.planned import planned_attacks
from robust_dml.evaluation.sample import example_order, queries_of_checks
from robust_dml.evaluation.target import Positions, Target, embed_again, load_target
from robust_dml.retrieval import Ranking, rank
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.files import digest_of
from robust_dml.runtime.locks import only_one
from robust_dml.runtime.progress import say
from robust_dml.runtime.provenance import device_name, revision
from robust_dml.runtime.torch_settings import computing_threads, exact_float32


def attack_model(study: Study, run: Run, only: str | None = None) -> None:
    """Run every attack on a model whose stored result is absent or outdated; of those, only the one named `only`.

    Raises UserError if the model or its data are missing, or if the study has no such attack.
    """
    planned = [CLEAN, *planned_attacks(study, run)]
    if only is not None and only not in {at.label for at in planned}:
        raise UserError(f"no attack {only}; the study has {', '.join(at.label for at in planned)}")
    backbone = backbone_of(study, run)[1]
    lock = state_folder(study.name, run, "attack", "lock" if only is None else f"lock of {only}")
    with exact_float32(), computing_threads(backbone), only_one(lock, f"attacking {run.path}"):
        evaluation = _Evaluation(study, run)
        for at in planned:
            if only in (None, at.label):
                evaluation.make(at)
        if only is None:
            shutil.rmtree(states_folder(study.name) / "attack" / run.path, ignore_errors=True)


@dataclass
class _Evaluation:
    """The attacks on one model."""

    study: Study
    run: Run
    target: Target = field(init=False)
    clean: Ranking = field(init=False)
    sources: dict[str, Target] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.target = load_target(self.study, self.run)
        self.clean = rank(self.target.queries, self.target.gallery)

    def make(self, at: AttackAt) -> None:
        """Make the stored result of an attack, unless it fits already."""
        planned = attack_digest(self.study, at)
        path = attacked_path(self.study.name, self.run, planned)
        source = self._source(at)
        digest = self._digest(planned, source)
        if self._fits(path, digest):
            os.utime(path)  # the workflow compares times
            return
        if at.start is not None and not self._is_made(at.start):
            self.make(at.start)
        if at.config is None:
            attacked = self._without_attack(at)
        else:
            attacked = (self._worst_case if at.config.is_standard else self._attacked)(at, source, digest)
        save_attacked(path, self._stamped(attacked, at, digest))
        shutil.rmtree(state_folder(self.study.name, self.run, "attack", digest), ignore_errors=True)
        if at.config is not None:
            say(f"{at.label}: {len(attacked.positions)} queries in {attacked.origin.seconds:.1f} s")

    def _is_made(self, at: AttackAt) -> bool:
        planned = attack_digest(self.study, at)
        path = attacked_path(self.study.name, self.run, planned)
        return self._fits(path, self._digest(planned, self._source(at)))

    @staticmethod
    def _fits(path: Path, digest: str) -> bool:
        stored = read_origin(path)
        return stored is not None and stored.digest == digest

    def _digest(self, planned: str, source: Target) -> str:
        """Return the digest of a result with the models and images that it is made from."""
        dataset = self.study.datasets[self.run.dataset]
        files = [self.target.model_sha256, source.model_sha256, self.target.data_sha256]
        return digest_of([planned, dataset.split, dataset.gallery, *files])

    def _without_attack(self, at: AttackAt) -> Attacked:
        return _again(self.target, self._sample(at)) if at.changes else unperturbed(self.target, self._kept())

    def _worst_case(self, at: AttackAt, source: Target, digest: str) -> Attacked:
        """Run the standard protocol, from the result at the next smaller radius, or from the protocol's own result."""
        standard = import_module(STANDARD)  # by name: the code of other attacks does not depend on the protocol's
        start = load_attacked(attacked_path(self.study.name, self.run, attack_digest(self.study, at.start or CLEAN)))
        kept = self._kept()
        if at.queries is not None:
            start, kept = standard.subset(start, self._sample(at)), kept[:0]
        start = replace(start, origin=NOT_STAMPED)
        folder = state_folder(self.study.name, self.run, "attack", digest)
        natural = None if source is self.target else source
        protocol = standard.Protocol(self.target, natural, at, self.study.evaluation, kept, folder)
        found: Attacked = protocol.run(start)
        return found

    def _sample(self, at: AttackAt) -> Positions:
        return queries_of_checks(self.clean.scored.cpu().numpy(), at.queries or 0)

    def _attacked(self, at: AttackAt, source: Target, digest: str) -> Attacked:
        positions, kept = np.arange(len(self.target.queries)), self._kept()
        if at.queries is not None:
            positions, kept = self._sample(at), kept[:0]
        settings = self.study.evaluation
        folder = state_folder(self.study.name, self.run, "attack", digest)
        work = self._work(at, source, kept)
        return run_blocks(work, positions, folder, block=settings.block, batch=settings.batch, title=at.label)

    def _kept(self) -> Positions:
        """Return the queries whose images are kept, enough for any number of examples that a study may show."""
        return np.sort(example_order(len(self.target.queries), KEPT_EXAMPLES))

    def _work(self, at: AttackAt, source: Target, kept: np.ndarray) -> Callable[[np.ndarray], Attacked]:
        batch = AttackBatch(self.target, source, at, self.study.evaluation.stop_when_broken, kept)
        if at.variant == "ours":
            return partial(attack_batch, batch)
        return partial(released_batch, batch, clean_right=self.clean.right)

    def _stamped(self, attacked: Attacked, at: AttackAt, digest: str) -> Attacked:
        """Return a result that says how it was made."""
        origin = Origin(
            label=at.label,
            digest=digest,
            planned=attack_digest(self.study, at),
            model_sha256=self.target.model_sha256,
            data_sha256=self.target.data_sha256,
            device=device_name(self.target.device),
            revision=revision(),
            seconds=round(attacked.origin.seconds, 3),
        )
        return replace(attacked, origin=origin)

    def _source(self, at: AttackAt) -> Target:
        """Return the model that the images are made for: the one under attack, except for a transfer.

        The standard protocol takes images from the natural model, where the study has one.
        """
        training = source_training(self.study, at.config) if at.config is not None else None
        run = source_of(self.study, self.run, training) if training is not None else None
        if training is None or run is None or run == self.run:
            return self.target
        if training not in self.sources:
            self.sources[training] = load_target(self.study, run)
        return self.sources[training]


def unperturbed(target: Target, kept: Positions) -> Attacked:
    """Return the clean embeddings as the result of an attack that changes nothing, with the images at `kept`."""
    queries, gallery = target.queries, target.gallery
    found = Attacked(
        positions=np.arange(len(queries)),
        embeddings=queries.embeddings.cpu().numpy(),
        norm=np.zeros(len(queries)),
        zero_gradient=np.zeros(len(queries), dtype=bool),
        image_positions=kept,
        images=fixed_point(target.images(kept).cpu().numpy()),
        origin=NOT_STAMPED,
    )
    return found if gallery is queries else replace(found, gallery=gallery.embeddings.cpu().numpy())


def _again(target: Target, positions: Positions) -> Attacked:
    """Return the embeddings of clean queries from a second pass: in another order, in other batches."""
    embeddings = embed_again(target, positions)
    none = np.zeros(0, dtype=np.int64)
    return Attacked(
        positions=positions,
        embeddings=embeddings,
        norm=np.zeros(len(positions)),
        zero_gradient=np.zeros(len(positions), dtype=bool),
        image_positions=none,
        images=fixed_point(target.images(none).cpu().numpy()),
        origin=NOT_STAMPED,
    )
