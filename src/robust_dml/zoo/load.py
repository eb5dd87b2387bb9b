"""`robust_dml.load_model`: a trained model of the zoo, by its name."""

from __future__ import annotations

from pathlib import Path

from robust_dml.cards.beside import weights_beside
from robust_dml.cards.card import read_card
from robust_dml.config.training import BackboneConfig
from robust_dml.models.embedding import EmbeddingModel
from robust_dml.models.load import load_model as load_weights
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.sealed import require_sha256
from robust_dml.zoo.names import ZOO, card_paths


def load_model(name: str, *, seed: int | None = None, zoo: Path = ZOO) -> EmbeddingModel:
    """Return a trained model of the zoo, on the CPU, in eval mode: images (B, 3, H, W) in [0, 1] -> embeddings (B, d).

    `seed` chooses among the seeds of the model; the first if absent. Raises UserError for a name or a seed that the zoo
    lacks, and if the weights have another hash than the card of the model says.
    """
    path = card_paths(name, zoo)[0]
    card = read_card(path)
    seeds = [each.seed for each in card.seeds]
    chosen = seeds[0] if seed is None else seed
    if chosen not in seeds:
        raise UserError(f"{name}: the zoo has no seed {chosen} of it; it has {', '.join(map(str, seeds))}")
    weights = weights_beside(path, chosen)
    if not weights.exists():
        raise UserError(f"{weights}: no such file; install robust-dml again")
    require_sha256(weights, card.model.weights[str(chosen)], "install robust-dml again")
    return load_weights(weights, BackboneConfig(**card.settings["backbone"]))
