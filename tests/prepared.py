"""Datasets whose index is built in a test, from archives that lie in the data folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

import miniatures
from miniatures import archive, source, tgz
from robust_dml.config.data import DatasetConfig
from robust_dml.data.index.build import build_index


def config(kind: str, **keys: object) -> DatasetConfig:
    """The settings of a dataset."""
    return DatasetConfig(kind=kind, backbone="any", **keys)


def prepare(root: Path, kind: str, entry: dict[str, Any], **contents: bytes) -> Path:
    """Put archives into the data folder and build the index from them, without mirrors."""
    (root / "archives").mkdir(exist_ok=True, parents=True)
    for name, content in contents.items():
        (root / "archives" / name).write_bytes(content)
    (root / "sources.yaml").write_text(yaml.safe_dump({kind: entry}))
    return build_index(config(kind), root, root / "sources.yaml", workers=1)


def prepare_cub(root: Path, files: miniatures.Files, images: int = 12, classes: int = 4) -> Path:
    """Build the index of miniature birds."""
    content = tgz(files)
    entry = source(images, classes, original=[archive("CUB_200_2011.tgz", content)])
    return prepare(root, "cub200", entry, **{"CUB_200_2011.tgz": content})
