"""Where the data folder keeps what; imports nothing heavy, since the workflow asks here while it plans.

<data_root>/archives/                  archives as they were downloaded or put there by the user
<data_root>/<kind>/images/             unpacked or generated images
<data_root>/<kind>/index.csv           one line per image
<data_root>/<kind>/<store>/            test crops and training images as bytes, and store.json
"""

from __future__ import annotations

from pathlib import Path

from robust_dml.config.data import DatasetConfig, TransformConfig
from robust_dml.files import digest_of

OWN_OR_GENERATED = ("folder", "gaussians", "textures")


def data_folder(config: DatasetConfig, data_root: Path) -> Path:
    """The folder of a prepared dataset: its kind, with a digest where the study says what the images are."""
    if config.kind not in OWN_OR_GENERATED:
        return data_root / config.kind
    keys = {"folder", "classes", "images", "images_per_class", "pixels"}
    return data_root / f"{config.kind}-{digest_of(config.model_dump(mode='json', include=keys))}"


def images_folder(config: DatasetConfig, data_root: Path) -> Path:
    """The folder that the paths of the index start from."""
    return config.folder or data_folder(config, data_root) / "images"


def index_path(config: DatasetConfig, data_root: Path) -> Path:
    """One line per image."""
    return data_folder(config, data_root) / "index.csv"


def store_folder(config: DatasetConfig, data_root: Path) -> Path:
    """The packed images that fit one transform, such as cub200/crop-224-256-train-256."""
    transform = config.transform
    size = f"squeeze-{transform.size}" if transform.aspect == "squeeze" else _crop_name(transform)
    return data_folder(config, data_root) / size


def store_paths(config: DatasetConfig, data_root: Path) -> list[Path]:
    """The files of the store: its record, the test crops, and the training images unless they are read as files."""
    folder = store_folder(config, data_root)
    names = ["store.json", "test.uint8"] + (["train.uint8"] if packs_training(config.transform) else [])
    return [folder / name for name in names]


def packs_training(transform: TransformConfig) -> bool:
    """Whether the store holds training images beside the test crops; squeezed ones train on the test crops."""
    return transform.aspect == "crop" and transform.train_side != "original"


def _crop_name(transform: TransformConfig) -> str:
    return f"crop-{transform.size}-{transform.resize}-train-{transform.train_side}"
