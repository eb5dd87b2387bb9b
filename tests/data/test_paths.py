from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from prepared import config as dataset
from robust_dml.config.data import DatasetConfig, TransformConfig
from robust_dml.data.paths import data_folder, images_folder, store_folder, store_paths


def test_published_datasets_are_shared_between_splits() -> None:
    root = Path("data")
    assert data_folder(dataset("cub200", split="sorted"), root) == Path("data/cub200")
    assert data_folder(dataset("cub200", split="random-3", validation=0.1), root) == Path("data/cub200")


def test_generated_and_own_images_have_a_folder_for_each_setting() -> None:
    settings = [
        *(dataset("gaussians", pixels=pixels, split="samples-1") for pixels in (8, 16)),
        *(dataset("textures", classes=classes) for classes in (10, 20)),
        *(dataset("folder", folder=folder) for folder in ("a", "b")),
    ]
    folders = [data_folder(config, Path("data")) for config in settings]
    assert len(set(folders)) == len(folders)
    assert all(folder.name.startswith(f"{config.kind}-") for folder, config in zip(folders, settings, strict=True))
    assert images_folder(settings[-1], Path("data")) == Path("b")


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"kind": "gaussians"}, "gaussians-b82f206ecec89a8e"),
        ({"kind": "gaussians", "images_per_class": 512, "pixels": 16}, "gaussians-d18feb54d89efcd2"),
        ({"kind": "textures", "classes": 22634, "images": 120053, "pixels": 64}, "textures-3a2bbb2e7f452aba"),
        ({"kind": "folder", "folder": "/photos/shoes"}, "folder-36e1d6b12095c889"),
    ],
)
def test_data_that_earlier_versions_prepared_is_found(settings: dict, name: str) -> None:
    assert data_folder(DatasetConfig(backbone="any", **settings), Path("data")).name == name


def test_stores_of_other_transforms_do_not_collide() -> None:
    transforms = [
        TransformConfig(),
        TransformConfig(size=128),
        TransformConfig(resize=240),
        TransformConfig(train_side=320),
        TransformConfig(train_side="original"),
        TransformConfig(aspect="squeeze"),
        TransformConfig(aspect="squeeze", size=128),
    ]
    folders = [store_folder(dataset("digits", transform=transform), Path("data")) for transform in transforms]
    assert len(set(folders)) == len(folders)
    assert folders[0] == Path("data/digits/crop-224-256-train-256")


def test_augmentation_does_not_change_the_store() -> None:
    stores = {
        store_folder(dataset("digits", transform=TransformConfig(flip=flip)), Path("data")) for flip in (0.0, 0.5)
    }
    assert len(stores) == 1


def test_store_paths() -> None:
    names = [path.name for path in store_paths(dataset("digits"), Path("data"))]
    assert names == ["store.json", "test.uint8", "train.uint8"]


def test_paths_import_nothing_heavy() -> None:
    code = """
import sys, robust_dml.data.paths
from robust_dml.records import DATASETS
entries = [DATASETS.load(name) for name in DATASETS.names]
print([m for m in ('torch', 'numpy', 'scipy', 'sklearn', 'PIL', 'pooch') if m in sys.modules])
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"kind": "cub200", "split": "official"}, "split: cub200 has no split official; it has sorted, random-1,"),
        ({"kind": "sop", "split": "original"}, "sop has no split original; it has .*, official"),
        ({"kind": "digits", "folder": "x"}, "folder: unknown key; digits has the options none"),
        (
            {"kind": "gaussians", "classes": 3},
            "classes: unknown key; gaussians has the options images_per_class, pixels",
        ),
        ({"kind": "folder"}, "folder: missing"),
        ({"kind": "textures", "images": 30, "images_per_class": 3}, "give images or images_per_class, not both"),
        ({"kind": "digits", "transform": {"size": 224, "resize": 200}}, "resize .200. must not be smaller than size"),
        ({"kind": "digits", "transform": {"size": 300, "resize": 300}}, "train_side .256. must not be smaller"),
        ({"kind": "digits", "transform": {"scale": [0.9, 0.5]}}, "scale must rise within"),
    ],
)
def test_settings_that_do_not_fit_are_refused(keys: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        DatasetConfig(backbone="any", **keys)
