"""`attacks: standard`: the frozen protocol of the newest version, as attacks of the study.

It has radii, and no settings. A study may give `standard` alone, for photographs at 224 pixels, or
`standard: {linf: [...], l2: [...]}` beside attacks of its own. The entries that result have the version in their names,
and so has every result.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KEY, VERSION = "standard", "standard-v1"
RADII = {"linf": ["1/255", "2/255", "4/255", "8/255"], "l2": [0.5, 3.0]}
SIZE = 224
NAMES = {"linf": VERSION, "l2": f"{VERSION}-l2"}


def with_standard(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sections of a study with its standard attacks written out.

    Raises ValueError if the standard has other keys than radii, or lacks radii and images have another size than 224.
    """
    attacks = data.get("attacks")
    if attacks == KEY:
        attacks = {KEY: {}}
    if not isinstance(attacks, Mapping) or KEY not in attacks:
        return dict(data)
    radii = attacks[KEY] or {}
    if not isinstance(radii, Mapping) or not set(radii) <= set(RADII):
        raise ValueError("attacks.standard: it takes `linf` and `l2`, lists of radii, and has no other settings")
    if not radii:
        _require_size(data)
        radii = RADII
    written: dict[str, Any] = {}
    for name, attack in attacks.items():
        written |= _entries(radii) if name == KEY else {name: attack}
    return {**data, "attacks": written}


def _entries(radii: Mapping[str, Any]) -> dict[str, Any]:
    common = {"optimiser": VERSION, "objective": "margin", "as_released": False}
    return {NAMES[norm]: {**common, "norm": norm, "epsilon": radii[norm]} for norm in NAMES if norm in radii}


def _require_size(data: Mapping[str, Any]) -> None:
    datasets = data.get("datasets")
    for name, dataset in (datasets if isinstance(datasets, Mapping) else {}).items():
        transform = dataset.get("transform") if isinstance(dataset, Mapping) else None
        size = transform.get("size", SIZE) if isinstance(transform, Mapping) else SIZE
        if size != SIZE:
            raise ValueError(
                f"attacks.standard: its radii are for images of {SIZE} pixels, and those of {name} have {size}; name"
                " radii, such as {linf: [2/255, 4/255, 8/255]}"
            )
