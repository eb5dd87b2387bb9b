"""`models`: models that are not trained here, attacked and tabled beside the trained ones.

Each is a training of no step: its method is `untrained`, its loss `none`, and its backbone the one that `models` names.
An entry may name `seeds`, some of the study's: pixels are the same model under each.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from robust_dml.runtime.errors import UserError
from robust_dml.runtime.sealed import read_sealed

UNTRAINED, NO_LOSS, ENCODER = "untrained", "none", "encoder"


def with_models(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sections of a study with a training for each entry of `models`.

    A study that has been through this already stays as it is. Raises ValueError if an entry has the name of a training,
    refers to a backbone that the study lacks, or to an encoder that cannot be found.
    """
    models = data.get("models")
    if not isinstance(models, Mapping) or not models:
        return dict(data)
    backbones, trainings = (_mapping(data.get(section)) for section in ("backbones", "trainings"))
    for name in models:
        if _mapping(trainings.get(name)).get("method", UNTRAINED) != UNTRAINED:
            raise ValueError(f"models.{name}: a training has this name; choose another")
    own = {name: _backbone(f"models.{name}", _without_seeds(entry), backbones) for name, entry in models.items()}
    seeds = {name: {**_mapping(trainings.get(name)), **_mapping(entry)}.get("seeds") for name, entry in models.items()}
    untrained = {name: {"method": UNTRAINED, "losses": [NO_LOSS], "seeds": seeds[name]} for name in models}
    losses = {**_mapping(data.get("losses")), NO_LOSS: {"kind": NO_LOSS}}
    return {**data, "models": own, "trainings": {**trainings, **untrained}, "losses": losses}


def encoder_backbone(source: str) -> dict[str, Any]:
    """Return the keys of the backbone of an encoder: `module:function`, a file, or the folder of a trained model.

    Raises UserError if a folder holds no trained model.
    """
    if Path(source).is_dir():
        record = Path(source, "run.json")
        if not record.exists():
            raise UserError(f"{source}: expected the folder of a trained model, found no run.json in it")
        return {**read_sealed(record)["settings"]["backbone"], "weights": str(Path(source, "model.safetensors"))}
    return {"kind": ENCODER, "source": source}


def _backbone(where: str, entry: Any, backbones: Mapping[str, Any]) -> Any:
    if isinstance(entry, Mapping) and isinstance(entry.get("encoder"), str):
        return _encoder(where, entry)
    if not isinstance(entry, Mapping) or set(entry) != {"backbone"}:
        return entry
    if entry["backbone"] not in backbones:
        known = ", ".join(map(str, backbones))
        raise ValueError(f"{where}.backbone: no such name: {entry['backbone']}; known are {known}")
    return backbones[entry["backbone"]]


def _encoder(where: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    try:
        backbone = encoder_backbone(entry["encoder"])
    except UserError as error:
        raise ValueError(f"{where}.encoder: {error}") from error
    return {**backbone, **{key: value for key, value in entry.items() if key != "encoder"}}


def _without_seeds(entry: Any) -> Any:
    return {key: value for key, value in entry.items() if key != "seeds"} if isinstance(entry, Mapping) else entry


def _mapping(section: Any) -> Mapping[str, Any]:
    return section if isinstance(section, Mapping) else {}
