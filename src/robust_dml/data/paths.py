"""The layout of the data folder. Imports nothing heavy, since the workflow imports it while planning.

<data_root>/archives/                  archives as they were downloaded or put there by the user
<data_root>/<dataset>/images/          unpacked or generated images
<data_root>/<dataset>/index.csv        one line per image
<data_root>/<dataset>/<store>/         test crops and training images as bytes, and store.json
"""

from __future__ import annotations

import re
from pathlib import Path

from robust_dml.config.data import DatasetConfig, TransformConfig
from robust_dml.data.archives.sources import archives_folder, chosen_layout, load_source
from robust_dml.data.index.listing import class_folders
from robust_dml.records import DATASETS
from robust_dml.runtime.files import digest_of
from robust_dml.runtime.source_code import own_sources

STORE_RECORD, STORE_TEST, STORE_TRAIN = "store.json", "test.uint8", "train.uint8"

# Part of every digest, null if a kind has no such option: folders prepared by earlier versions keep their names.
_DIGESTED = ("classes", "folder", "images", "images_per_class", "pixels")


def data_folder(config: DatasetConfig, data_root: Path) -> Path:
    """Return the folder of a prepared dataset: its kind, with a digest of the options if the kind has any.

    A kind of the user's own is named own-<name>-<digest>; the digest covers the sources of its module.
    """
    options = config.options.model_dump(mode="json")
    if ":" in config.kind:
        settings = {"kind": config.kind, "options": options, "sources": own_sources(DATASETS.module(config.kind))}
        return data_root / f"own-{_plain(config.kind)}-{digest_of(settings)}"
    if not options:
        return data_root / config.kind
    return data_root / f"{config.kind}-{digest_of({**dict.fromkeys(_DIGESTED), **options})}"


def archive_paths(config: DatasetConfig, data_root: Path, sources: Path) -> list[Path]:
    """Return the archives that a dataset is unpacked from, by the table `sources`; none for other images."""
    if config.record.origin != "archives":
        return []
    layout = chosen_layout(load_source(sources, config.kind), data_root)
    return [archives_folder(data_root) / archive.file for archive in layout]


def own_folders(config: DatasetConfig) -> list[Path]:
    """Return what the index of the user's own images or photographs is made from; none for other kinds.

    That is the file that lists them, or their folder and all folders in it.
    """
    if config.listing is not None:
        return [config.listing] if config.listing.is_file() else []
    photographs = own_photographs(config)
    if photographs is not None and photographs.is_dir():
        return [photographs, *sorted(path for path in photographs.rglob("*") if path.is_dir())]
    if config.own_folder is None or not config.own_folder.is_dir():
        return []
    classes = class_folders(config.own_folder)
    below = (path for folder in classes for path in folder.rglob("*") if path.is_dir())
    return [config.own_folder, *classes, *sorted(below)]


def own_photographs(config: DatasetConfig) -> Path | None:
    """Return the folder of photographs of the user's that images are cut from; None for other kinds."""
    found: Path | None = getattr(config.options, "photographs", None)
    return found


def images_folder(config: DatasetConfig, data_root: Path) -> Path:
    """Return the folder that the paths of the index start from."""
    return config.own_folder or data_folder(config, data_root) / "images"


def index_path(config: DatasetConfig, data_root: Path) -> Path:
    """Return the path of the index, which has one line per image."""
    return data_folder(config, data_root) / "index.csv"


def store_folder(config: DatasetConfig, data_root: Path) -> Path:
    """Return the folder of the packed images of one transform, such as cub200/crop-224-256-train-256."""
    transform = config.transform
    size = f"squeeze-{transform.size}" if transform.aspect == "squeeze" else _crop_name(transform)
    return data_folder(config, data_root) / size


def store_paths(config: DatasetConfig, data_root: Path) -> list[Path]:
    """Return the files of the store: its record, test crops, training images (empty if training reads others)."""
    return [store_folder(config, data_root) / name for name in (STORE_RECORD, STORE_TEST, STORE_TRAIN)]


def packs_training(transform: TransformConfig) -> bool:
    """Return whether training reads packed images of its own instead of the files or the (squeezed) test crops."""
    return transform.aspect == "crop" and transform.train_side != "original"


def _crop_name(transform: TransformConfig) -> str:
    return f"crop-{transform.size}-{transform.resize}-train-{transform.train_side}"


def _plain(kind: str) -> str:
    """Return the name of a user's kind as it may stand in the name of a folder, without that of its module."""
    name = kind.rpartition(":")[2].lower()
    return re.sub("[^a-z0-9]+", "-", name).strip("-")[:40]
