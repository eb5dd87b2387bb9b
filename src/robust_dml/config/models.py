"""`models`: models that are not trained here, attacked and tabled beside the trained ones.

Each is a training of no step: its method is `untrained`, its loss `none`, and its backbone the one that `models` names.
An entry may name `seeds`, some of the study's: pixels are the same model under each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

UNTRAINED, NO_LOSS = "untrained", "none"


def with_models(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sections of a study with a training for each entry of `models`.

    A study that has been through this already stays as it is. Raises ValueError if an entry has the name of a training,
    or refers to a backbone that the study lacks.
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


def _backbone(where: str, entry: Any, backbones: Mapping[str, Any]) -> Any:
    if not isinstance(entry, Mapping) or set(entry) != {"backbone"}:
        return entry
    if entry["backbone"] not in backbones:
        known = ", ".join(map(str, backbones))
        raise ValueError(f"{where}.backbone: no such name: {entry['backbone']}; known are {known}")
    return backbones[entry["backbone"]]


def _without_seeds(entry: Any) -> Any:
    return {key: value for key, value in entry.items() if key != "seeds"} if isinstance(entry, Mapping) else entry


def _mapping(section: Any) -> Mapping[str, Any]:
    return section if isinstance(section, Mapping) else {}
