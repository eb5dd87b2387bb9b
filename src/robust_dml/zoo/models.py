"""`robust_dml.load_model`: a model of the zoo by its name."""

from __future__ import annotations

from pathlib import Path

from robust_dml.cards.card import Card, read_card
from robust_dml.config.training import BackboneConfig
from robust_dml.models.embedding import EmbeddingModel
from robust_dml.models.load import load_model as load_trained
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.sealed import require_sha256
from robust_dml.runtime.suggestion import did_you_mean

ZOO = Path(__file__).parent
WEIGHTS, CARD = "model.safetensors", "card.json"


def zoo_names() -> list[str]:
    """Return the names of the models, sorted."""
    return sorted(path.parent.name for path in ZOO.glob(f"*/{CARD}"))


def zoo_folder(name: str) -> Path:
    """Return the folder of a model. Raises UserError if there is none of this name."""
    if name not in zoo_names():
        meant = did_you_mean(name, zoo_names())
        raise UserError(f"the zoo has no model {name}{meant}; it has {', '.join(zoo_names()) or 'none'}")
    return ZOO / name


def load_card(name: str) -> Card:
    """Return the card of a model. Raises UserError if there is none, or if it was edited."""
    return read_card(zoo_folder(name) / CARD)


def load_model(name: str) -> EmbeddingModel:
    """Return a model of the zoo, on the CPU, in eval mode: images (B, 3, S, S) in [0, 1] -> embeddings (B, d).

    Raises UserError if there is none of this name, or if its weights are not those of its card.
    """
    card, path = load_card(name), zoo_folder(name) / WEIGHTS
    (expected,) = card.model.weights.values()
    require_sha256(path, expected, "install the package again")
    return load_trained(path, BackboneConfig(**card.settings["backbone"]))
