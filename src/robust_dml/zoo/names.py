"""Names of the models of the zoo, and where each lies."""

from __future__ import annotations

from pathlib import Path

from robust_dml.config import ModelName, Study
from robust_dml.config.models import NO_LOSS
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.suggestion import did_you_mean

ZOO = Path(__file__).parent / "models"
CARDS = "card-*.json"


def zoo_names(zoo: Path = ZOO) -> list[str]:
    """Return the names of all models of a zoo, sorted."""
    return sorted({path.parent.name for path in zoo.glob(f"*/{CARDS}")})


def card_paths(name: str, zoo: Path = ZOO) -> list[Path]:
    """Return the cards of a model, one per norm. Raises UserError if there is no such model."""
    known = zoo_names(zoo)
    if name not in known:
        names = f"known are {', '.join(known)}" if known else "the zoo is empty; `robust-dml zoo STUDY` fills it"
        raise UserError(f"no such model in the zoo: {name}{did_you_mean(name, known)}; {names}")
    return sorted((zoo / name).glob(CARDS))


def card_name(norm: str) -> str:
    """Return the name of the card of a threat."""
    return CARDS.replace("*", norm)


def zoo_name(study: Study, model: ModelName) -> str:
    """Return what the zoo calls a model: study and training, and dataset and loss where the study has several."""
    losses = [loss for loss in study.losses if loss != NO_LOSS]
    several = [(model.dataset, study.datasets), (model.loss, losses)]
    return "-".join([study.name, *(part for part, choices in several if len(choices) > 1), model.training])
