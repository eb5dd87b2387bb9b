"""Copy the trained models of a finished study to the zoo, each with its cards."""

from __future__ import annotations

import shutil
from pathlib import Path

from robust_dml.cards.beside import weights_beside
from robust_dml.cards.card import About, Card, write_card
from robust_dml.cards.make import make_card, standard_attacks
from robust_dml.config import ModelName, Study
from robust_dml.config.paths import model_folder
from robust_dml.config.resolve import runs
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.files import filling
from robust_dml.runtime.sealed import require_sha256
from robust_dml.zoo.names import ZOO, card_name, zoo_name


def fill_zoo(study: Study, about: About, zoo: Path = ZOO) -> list[Path]:
    """Replace the models of a study in a zoo by those of its finished run, and return their folders.

    Entries of `models` are not trained by the study and are left out. Raises UserError, and changes nothing, if the
    study has no standard attack, trains nothing, or lacks a result.
    """
    trained = dict.fromkeys(run.model for run in runs(study) if run.training not in study.models)
    if not trained:
        raise UserError(f"{study.name}: trains no model, so there is none for the zoo")
    cards = {model: [make_card(study, model, name, about) for name in standard_attacks(study)] for model in trained}
    return [_fill(study, model, found, zoo / zoo_name(study, model)) for model, found in cards.items()]


def _fill(study: Study, model: ModelName, cards: list[Card], place: Path) -> Path:
    with filling(place) as folder:
        for card in cards:
            path = folder / card_name(card.threat["norm"])
            write_card(path, card)
        for run in (run for run in runs(study) if run.model == model):
            weights = weights_beside(path, run.seed)
            shutil.copyfile(model_folder(study.name, run) / "model.safetensors", weights)
            require_sha256(weights, cards[0].model.weights[str(run.seed)], "run snakemake again")
    return place
