"""A model that is not trained here: its files are those of a training, so that whatever follows treats it alike."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from robust_dml.config import Run, Study
from robust_dml.config.digests import training_digest, training_settings
from robust_dml.config.paths import MODEL_FILES, model_folder
from robust_dml.config.resolve import backbone_of
from robust_dml.config.training import BackboneConfig
from robust_dml.data import open_dataset
from robust_dml.models.build import build_model
from robust_dml.runtime.files import sha256_of
from robust_dml.runtime.provenance import provenance
from robust_dml.runtime.sealed import write_sealed
from robust_dml.training.history import write_history
from robust_dml.training.state import save_tensors


def write_untrained(study: Study, run: Run) -> None:
    """Write model.safetensors, an empty history.csv and run.json of a model as its backbone builds it."""
    folder = model_folder(study.name, run)
    name, backbone = backbone_of(study, run)
    model = build_model(backbone, seed=run.seed, data_root=study.data_root)
    weights, history, record = (folder / file for file in MODEL_FILES)
    save_tensors(weights, _unshared(model.state_dict()), _code_of(backbone))
    write_history(history, [])
    made = provenance(
        settings=training_settings(study, run),
        seed=run.seed,
        data_sha256=open_dataset(study.datasets[run.dataset], study.data_root).sha256,
        device="cpu",
    )
    names = {"dataset": run.dataset, "backbone": name, "loss": run.loss, "training": run.training}
    totals = {"epochs": 0, "steps": 0, "bad_steps": 0, "seconds": 0.0, "memory_mb": 0.0, "processes": 1}
    content = {
        **names,
        "digest": training_digest(study, run),
        "checkpoint": "last",
        "checkpoints": {"last": {"epoch": 0, "file": weights.name}},
        "totals": totals,
        "collapsed": False,
        "diverged": False,
        "model_sha256": sha256_of(weights),
        "history_sha256": sha256_of(history),
        **made,
    }
    write_sealed(record, content)


def _unshared(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return copies of tensors of which several may be views of one memory, which a file of weights cannot hold."""
    return {name: tensor.clone() for name, tensor in tensors.items()}


def _code_of(backbone: BackboneConfig) -> dict[str, str]:
    """Return what the header of the weights says of the user's code, so that their hash changes with either."""
    identity = backbone.record.identity(backbone.options)
    return {"code": identity} if identity else {}
