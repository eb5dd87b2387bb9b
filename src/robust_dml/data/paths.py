"""Where the data folder keeps what; imports nothing heavy, since the workflow asks here while it plans.

<data_root>/archives/                  archives as they were downloaded or put there by the user
<data_root>/<kind>/images/             unpacked or generated images
<data_root>/<kind>/index.csv           one line per image
<data_root>/<kind>/<store>/            test crops and training images as bytes, and store.json
"""

from __future__ import annotations

from pathlib import Path

from robust_dml.config.data import DatasetConfig, TransformConfig
from robust_dml.data.archives.sources import archives_folder, chosen_layout, load_sources
from robust_dml.runtime.files import digest_of

STORE_RECORD, STORE_TEST, STORE_TRAIN = "store.json", "test.uint8", "train.uint8"
FROM_ARCHIVES = ("cub200", "cars196", "sop", "visualphish")
OWN_OR_GENERATED = ("folder", "gaussians", "textures")


def data_folder(config: DatasetConfig, data_root: Path) -> Path:
    """The folder of a prepared dataset: its kind, with a digest where the study says what the images are."""
    if config.kind not in OWN_OR_GENERATED:
        return data_root / config.kind
    keys = {"folder", "classes", "images", "images_per_class", "pixels"}
    return data_root / f"{config.kind}-{digest_of(config.model_dump(mode='json', include=keys))}"


def archive_paths(config: DatasetConfig, data_root: Path, sources: Path) -> list[Path]:
    """The archives that a dataset is unpacked from, by the table at `sources`; none for own or generated images."""
    if config.kind not in FROM_ARCHIVES:
        return []
    layout = chosen_layout(load_sources(sources)[config.kind], data_root)
    return [archives_folder(data_root) / archive.file for archive in layout]


def own_folders(config: DatasetConfig) -> list[Path]:
    """The folder of a user's own images and those of its classes, as far as they are there; none for other kinds."""
    if config.folder is None or not config.folder.is_dir():
        return []
    return [config.folder, *sorted(path for path in config.folder.iterdir() if path.is_dir())]


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
    """The files of the store: its record, the test crops, the training images (empty where training reads others)."""
    return [store_folder(config, data_root) / name for name in (STORE_RECORD, STORE_TEST, STORE_TRAIN)]


def packs_training(transform: TransformConfig) -> bool:
    """Whether training reads packed images of its own, and not the files or the (squeezed) test crops."""
    return transform.aspect == "crop" and transform.train_side != "original"


def _crop_name(transform: TransformConfig) -> str:
    return f"crop-{transform.size}-{transform.resize}-train-{transform.train_side}"
