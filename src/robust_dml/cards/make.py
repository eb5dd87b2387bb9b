"""Make the cards of a study from its results: one per model, dataset and norm of the standard protocol."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robust_dml import __version__
from robust_dml.cards.bits import pack_bits, pack_labels
from robust_dml.cards.card import (
    FORMAT,
    About,
    AtRadius,
    Card,
    DataFacts,
    Estimate,
    ModelFacts,
    OfSeed,
    Protocol,
    write_card,
)
from robust_dml.cards.settings import card_settings
from robust_dml.cards.verdict import reasons_against
from robust_dml.config import ModelName, Run, Study
from robust_dml.config.attacks import AttackConfig
from robust_dml.config.evaluation import CLEAN, AttackAt
from robust_dml.config.paths import attacked_path, model_folder, results_folder, score_path
from robust_dml.config.resolve import backbone_of, runs
from robust_dml.evaluation.attacked import Attacked, load_attacked
from robust_dml.evaluation.planned import attack_digests
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.files import write_json
from robust_dml.runtime.sealed import read_sealed

RECALL = "recall@1"


def write_cards(study: Study, about: About) -> list[Path]:
    """Write the cards of a study and return their files.

    A study of one card has it in card.json; of several, in cards/, with a summary in card.json.
    """
    folder, found = results_folder(study.name), list(make_cards(study, about))
    if len(found) == 1:
        write_card(folder / "card.json", found[0])
        return [folder / "card.json"]
    paths = []
    for card in found:
        name = ".".join([card.data.name, card.model.name.replace("/", "."), card.threat["norm"]])
        paths.append(folder / "cards" / f"{name}.json")
        write_card(paths[-1], card)
    summaries = [_summary(path, card) for path, card in zip(paths, found, strict=True)]
    write_json(folder / "card.json", {"study": study.name, "cards": summaries})
    return paths


def make_cards(study: Study, about: About) -> Iterator[Card]:
    """Yield the card of each model under each standard attack of a study. Raises UserError if a result is missing."""
    for model in dict.fromkeys(run.model for run in runs(study)):
        for name in standard_attacks(study):
            yield make_card(study, model, name, about)


def standard_attacks(study: Study) -> list[str]:
    """Return the names of the attacks of a study by the standard protocol. Raises UserError if it has none."""
    found = [name for name, attack in study.attacks.items() if attack.is_standard]
    if not found:
        raise UserError(f"{study.name}: no standard attack, so there are no cards; add `standard` to its attacks")
    return found


def make_card(study: Study, model: ModelName, name: str, about: About) -> Card:
    """Return the card of a model under the standard attack `name`. Raises UserError if a result is missing."""
    attack = study.attacks[name]
    own = [run for run in runs(study) if run.model == model]
    results = [[_Scored(study, run, at) for at in _radii(name, attack)] for run in own]
    first, labels = results[0][0], results[0][0].labels
    reasons = dict.fromkeys(reason for run in own for reason in reasons_against(study, run, name))
    return Card(
        format=FORMAT,
        model=_model(study, model, own),
        data=_data(study, own[0], first),
        threat={"perturbs": "queries", "norm": attack.norm},
        protocol=Protocol(name=attack.optimiser, package=__version__),
        verdict="unverified" if reasons else "verified",
        reasons=list(reasons),
        labels=pack_labels(labels),
        seeds=[_seed(run, scored) for run, scored in zip(own, results, strict=True)],
        about=about,
        settings=card_settings(study, model, name),
        made={key: first.content[key] for key in ("revision", "device", "versions")},
    )


def _radii(name: str, attack: AttackConfig) -> list[AttackAt]:
    return [CLEAN, *(AttackAt(name, attack, radius) for radius in attack.epsilon)]


class _Scored:
    """The scores of one attack on one model."""

    def __init__(self, study: Study, run: Run, at: AttackAt) -> None:
        self.at = at
        self.content = read_sealed(score_path(study.name, run, at.label))
        self.queries = self.content["queries"]
        self.scored = np.array(self.queries["scored"], dtype=bool)

    @property
    def labels(self) -> NDArray[np.int64]:
        found: NDArray[np.int64] = np.array(self.queries["label"], dtype=np.int64)[self.scored]
        return found

    def estimates(self) -> dict[str, Estimate]:
        """Return the numbers of the masked protocol."""
        values, ends = self.content["metrics"]["masked"], self.content["intervals"]["masked"]
        empty = (None, None)
        return {
            name: Estimate(value=value, low=ends.get(name, empty)[0], high=ends.get(name, empty)[1])
            for name, value in values.items()
        }

    def at_radius(self) -> AtRadius:
        right = np.array(self.queries["adversarial_right"], dtype=bool)[self.scored]
        return AtRadius(epsilon=self.at.epsilon, recall=self.estimates()[RECALL], right=pack_bits(right))


def _seed(run: Run, results: list[_Scored]) -> OfSeed:
    clean = {name: value for name, value in results[0].estimates().items() if name != RECALL}
    return OfSeed(seed=run.seed, metrics=clean, radii=[scored.at_radius() for scored in results])


def _model(study: Study, model: ModelName, own: list[Run]) -> ModelFacts:
    backbone = backbone_of(study, own[0])[1]
    records = {run.seed: read_sealed(model_folder(study.name, run) / "run.json") for run in own}
    trained = model.training not in study.models
    return ModelFacts(
        name=f"{model.loss}/{model.training}" if trained else model.training,
        source=getattr(backbone.options, "source", backbone.kind),
        embedding=_clean(study, own[0]).embeddings.shape[1],
        distance="cosine" if backbone.normalize_embedding else "euclidean",
        weights={str(seed): record["model_sha256"] for seed, record in records.items()},
    )


def _data(study: Study, run: Run, clean: _Scored) -> DataFacts:
    name, stored = run.dataset, _clean(study, run)
    config, counts = study.datasets[name], clean.content["counts"]
    return DataFacts(
        name=name,
        kind=config.kind,
        sha256=clean.content["data_sha256"],
        size=config.transform.size,
        queries=counts["queries"],
        scored=counts["scored"],
        gallery=len(stored.gallery) or counts["queries"],
        classes=len(set(clean.queries["label"])),
        sample=study.evaluation.queries,
    )


def _clean(study: Study, run: Run) -> Attacked:
    """Return the stored embeddings of unperturbed queries, and of the gallery if it is not the queries."""
    return load_attacked(attacked_path(study.name, run, attack_digests(study)[CLEAN.label]))


def _summary(path: Path, card: Card) -> dict[str, Any]:
    """Return what a card says in a few numbers: recall@1 by radius, the mean over seeds."""
    recalls = {f"{radius:g}": float(card.right(radius).mean()) for radius in card.radii}
    return {
        "file": f"{path.parent.name}/{path.name}",
        "model": card.model.name,
        "dataset": card.data.name,
        "norm": card.threat["norm"],
        "verdict": card.verdict,
        RECALL: recalls,
    }
