"""Fill the zoo from the results of a study: the first seed of each trained model, with its card."""

from __future__ import annotations

import shutil
from pathlib import Path

from robust_dml.cards.card import About, write_card
from robust_dml.cards.make import make_cards
from robust_dml.config import Study
from robust_dml.config.resolve import runs
from robust_dml.evaluation.trained import verified_model
from robust_dml.report.selection import photographs
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.files import filling
from robust_dml.zoo.models import CARD, WEIGHTS, ZOO

NORM = "linf"


def refresh_zoo(study: Study, about: About, zoo: Path = ZOO) -> list[str]:
    """Replace the models of the zoo by those of a study, and return their names.

    Raises UserError if a result is missing, or if the study has no trained model under the standard protocol in l_inf.
    """
    first = study.model_copy(update={"seeds": study.seeds[:1]})
    trained = [run for run in runs(first) if run.training not in study.models and run.dataset in photographs(study)]
    cards = {
        (card.data.name, card.model.name): card for card in make_cards(first, about) if card.threat["norm"] == NORM
    }
    if not trained or not cards:
        raise UserError(f"{study.name}: no trained model under the standard protocol in l_inf; nothing for the zoo")
    names = []
    for run in trained:
        names.append(f"{run.dataset}-{run.loss}-{run.training}")
        with filling(zoo / names[-1]) as folder:
            shutil.copyfile(verified_model(first, run)[0], folder / WEIGHTS)
            write_card(folder / CARD, cards[run.dataset, f"{run.loss}/{run.training}"])
    for path in zoo.iterdir():
        if (path / CARD).exists() and path.name not in names:
            shutil.rmtree(path)
    return names
