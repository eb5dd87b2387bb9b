"""Run a sample of a card again: does the encoder, here and now, do what the card says?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from robust_dml.auditing.audit import make_model, prepare
from robust_dml.auditing.card_study import card_study
from robust_dml.auditing.encoder import audit_encoder
from robust_dml.auditing.request import Device
from robust_dml.cards.beside import weights_beside
from robust_dml.cards.card import Card, read_card
from robust_dml.config import Run, Study
from robust_dml.config.evaluation import CLEAN, AttackAt, attacks_of
from robust_dml.config.paths import model_folder, results_in
from robust_dml.config.resolve import runs
from robust_dml.config.standard import VERSION
from robust_dml.data.paths import index_path
from robust_dml.evaluation.attack import unperturbed
from robust_dml.evaluation.standard import Protocol, subset
from robust_dml.evaluation.target import Target, load_target
from robust_dml.retrieval import rank
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.files import sha256_of
from robust_dml.runtime.randomness import numpy_generator
from robust_dml.runtime.torch_settings import computing_threads, exact_float32

ALLOWED = 0.02  # of the sampled queries, for rounding on other machines; and one query


@dataclass(frozen=True)
class Sampled:
    """Queries of a card that were run again, one seed at one radius; `broken` are right in the card and wrong here."""

    seed: int
    epsilon: float
    queries: int
    broken: int
    spared: int
    """Wrong in the card and right here: the card claims too little."""

    @property
    def holds(self) -> bool:
        """Whether the card claims no more than this run, but for rounding; without attack the two must agree."""
        wrong = self.broken + (self.spared if self.epsilon == 0 else 0)
        return wrong <= 1 + ALLOWED * self.queries


def verify(
    path: Path,
    *,
    encoder: str | None = None,
    data: str | None = None,
    queries: int = 32,
    seed: int = 0,
    device: Device | None = None,
    data_root: Path | None = None,
) -> list[Sampled]:
    """Return what a random sample of the queries of a card does here, without attack and at each radius.

    Each seed of the card is run whose weights lie beside the card; the first if none do, or that of the trained model
    whose folder `encoder` is. `seed` is that of the sample.

    Raises UserError if the card was edited, has another protocol than this package, or other weights or images than
    those found.
    """
    card = read_card(path)
    if card.protocol.name != VERSION:
        raise UserError(f"{path}: made by the protocol {card.protocol.name}; this package runs {VERSION}")
    found: list[Sampled] = []
    for number in _seeds(path, card, encoder):
        study = card_study(path, card, number, encoder=encoder, data=data, device=device, data_root=data_root)
        (run,) = runs(study)
        with TemporaryDirectory() as folder, results_in(Path(folder)), exact_float32():
            _require_same_data(path, card, study, run)
            _require_same_model(path, card, study, run)
            with computing_threads(study.models[run.training]):
                found += _run_again(path, card, study, run, queries, seed, Path(folder) / "blocks")
    return found


def _seeds(path: Path, card: Card, encoder: str | None) -> list[int]:
    seeds = [each.seed for each in card.seeds]
    if encoder is not None:
        own = audit_encoder(encoder).seed
        return [own if own in seeds else seeds[0]]
    return [seed for seed in seeds if weights_beside(path, seed).exists()] or seeds[:1]


def _require_same_data(path: Path, card: Card, study: Study, run: Run) -> None:
    prepare(study, run.dataset)
    found = sha256_of(index_path(study.datasets[run.dataset], study.data_root))
    if found != card.data.sha256:
        raise UserError(f"{path}: made on other images: expected the index {card.data.sha256}, found {found}")


def _require_same_model(path: Path, card: Card, study: Study, run: Run) -> None:
    make_model(study, run)
    found, expected = sha256_of(model_folder(study.name, run) / "model.safetensors"), card.model.weights[str(run.seed)]
    if found != expected:
        raise UserError(
            f"{path}: made for other weights, or other code of the encoder: expected SHA-256 {expected}, found {found};"
            " name the right one by --encoder, for a study's card the folder of a trained model, which ends in seed0"
        )


def _run_again(
    path: Path, card: Card, study: Study, run: Run, count: int, seed: int, folder: Path
) -> Iterator[Sampled]:
    target = load_target(study, run)
    scored = np.flatnonzero(rank(target.queries, target.gallery).scored.cpu().numpy())
    classes = target.queries.labels.cpu().numpy()[scored]
    if not np.array_equal(classes, card.classes):
        raise UserError(
            f"{path}: made on other queries, or on queries in another order: expected {len(card.classes)} with the"
            f" classes of the card, found {len(classes)}; verify it with the study or images that it was made from"
        )
    draws = numpy_generator("verify", seed)
    rows = np.sort(draws.choice(len(scored), size=min(count, len(scored)), replace=False))
    found = subset(unperturbed(target, scored[:0]), scored[rows])
    yield _sampled(card, run, CLEAN, _right(target, found.positions, found.embeddings), rows)
    for at in sorted(attacks_of(study), key=lambda at: at.epsilon):
        start = replace(found, origin=replace(found.origin, seconds=0.0))
        found = Protocol(target, None, at, study.evaluation, scored[:0], folder / at.label).run(start)
        yield _sampled(card, run, at, _right(target, found.positions, found.embeddings), rows)


def _right(target: Target, positions: NDArray[np.int64], embeddings: NDArray[np.float32]) -> NDArray[np.bool_]:
    finite = np.isfinite(embeddings).all(1)
    queries = target.queries.rows(target.tensor(positions))
    ranking = rank(queries.embedded_as(target.tensor(np.nan_to_num(embeddings))), target.gallery)
    right: NDArray[np.bool_] = ranking.right.cpu().numpy() & finite
    return right


def _sampled(card: Card, run: Run, at: AttackAt, here: NDArray[np.bool_], rows: NDArray[np.int64]) -> Sampled:
    seeds = [seed.seed for seed in card.seeds]
    stated = card.right(at.epsilon)[seeds.index(run.seed)][rows]
    return Sampled(run.seed, at.epsilon, len(rows), int((stated & ~here).sum()), int((~stated & here).sum()))
