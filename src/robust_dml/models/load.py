"""A trained model, from its file: the one loader of training, evaluation and of users."""

from __future__ import annotations

from pathlib import Path

from robust_dml.config.training import BackboneConfig
from robust_dml.models.build import as_embedding, build_network
from robust_dml.models.embedding import EmbeddingModel
from robust_dml.models.weights import read_weights, require_fit
from robust_dml.runtime.errors import UserError


def load_model(path: Path, backbone: BackboneConfig, data_root: Path | None = None) -> EmbeddingModel:
    """Return the trained model in `path`, on the CPU, in eval mode: (B, 3, H, W) in [0, 1] -> (B, d).

    `data_root` is where a backbone's own weights lie; a trained model needs none of them. Raises UserError if the file
    is absent or damaged, if it has other names or shapes of weights than the backbone, or weights that are not finite.
    """
    if not path.exists():
        raise UserError(f"{path}: no such model; run `robust-dml train` with the same names first")
    weights = read_weights(path)
    model = as_embedding(build_network(backbone.model_copy(update={"weights": "random"}), seed=0), backbone)
    wanted = model.state_dict()
    unknown = sorted(weights.keys() - wanted.keys())
    if unknown:
        raise UserError(f"{path}: has {len(unknown)} weights that {backbone.kind} lacks, such as {unknown[0]}")
    require_fit(weights, wanted, str(path))
    model.load_state_dict(weights)
    return model
