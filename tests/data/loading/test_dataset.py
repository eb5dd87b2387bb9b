"""From a folder of images to parts and batches."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import v2

from miniatures import photograph
from robust_dml.config.data import DatasetConfig, TransformConfig
from robust_dml.data import open_dataset
from robust_dml.data.index.build import build_index
from robust_dml.data.loading.batches import train_batches
from robust_dml.data.loading.dataset import Dataset
from robust_dml.data.paths import index_path, store_folder
from robust_dml.data.store.build import build_store
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.randomness import sample_seeds

SMALL = TransformConfig(size=24, resize=28, train_side=32)
WAYS = {
    "packed": SMALL,
    "files": SMALL.model_copy(update={"train_side": "original"}),
    "squeeze": SMALL.model_copy(update={"aspect": "squeeze"}),
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with 6 classes of 5 images that differ in size."""
    root = tmp_path_factory.mktemp("data")
    for label in range(6):
        (root / "own" / f"c{label}").mkdir(parents=True)
        for number in range(5):
            content = photograph(label * 10 + number, 40 + 7 * number, 70 - 5 * label)
            (root / "own" / f"c{label}" / f"{number}.jpg").write_bytes(content)
    return root


def config(root: Path, transform: TransformConfig = SMALL, **keys: object) -> DatasetConfig:
    return DatasetConfig(kind="folder", folder=root / "own", transform=transform, backbone="any", **keys)  # type: ignore[arg-type]


def opened(root: Path, transform: TransformConfig = SMALL, **keys: object) -> Dataset:
    settings = config(root, transform, **keys)
    build_index(settings, root, Path(), workers=1)
    build_store(settings, root, workers=1)
    return open_dataset(settings, root)


def test_parts_divide_the_images(root: Path) -> None:
    dataset = opened(root, validation=0.4)
    parts = {name: dataset.part(name) for name in ("train", "test", "validation")}
    assert [len(part) for part in parts.values()] == [10, 15, 5]
    assert sorted(np.concatenate([part.ids for part in parts.values()])) == list(range(30))
    assert set(parts["test"].labels) == {3, 4, 5} and parts["test"].ids.dtype == np.int64


def test_part_without_images_is_an_error(root: Path) -> None:
    with pytest.raises(UserError, match=r"no validation images \(split sorted, validation 0\)"):
        opened(root).part("validation")


@pytest.mark.parametrize("way", WAYS)
def test_test_images_are_those_of_torchvision(root: Path, way: str) -> None:
    dataset = opened(root, WAYS[way])
    part = dataset.part("test")
    positions = torch.tensor([3, 0, 14])
    images = part.test_images(positions)
    assert images.dtype == torch.uint8 and images.shape == (3, 3, 24, 24)
    crop = v2.Resize((24, 24)) if way == "squeeze" else v2.Compose([v2.Resize(28), v2.CenterCrop(24)])
    for position, image in zip(positions, images, strict=True):
        file = root / "own" / dataset.index.paths[part.ids[position]]
        expected = crop(Image.open(file).convert("RGB"))
        np.testing.assert_array_equal(image.permute(1, 2, 0), np.asarray(expected))


@pytest.mark.parametrize("way", WAYS)
def test_train_images_are_functions_of_their_seeds(root: Path, way: str) -> None:
    part = opened(root, WAYS[way]).part("train")
    positions = np.arange(15)
    seeds = sample_seeds(torch.from_numpy(part.ids), "augment", 0)
    together = part.train_images(positions, seeds)
    assert together.dtype == torch.uint8 and together.shape == (15, 3, 24, 24)
    order = np.random.default_rng(0).permutation(15)
    assert torch.equal(part.train_images(order, seeds[order]), together[order])
    other = part.train_images(positions, sample_seeds(torch.from_numpy(part.ids), "augment", 1))
    assert not torch.equal(other, together)


def test_training_from_files_is_torchvisions_crop_of_the_whole_image(root: Path) -> None:
    from robust_dml.data.loading.augment import training_boxes, training_flips

    dataset = opened(root, WAYS["files"])
    part = dataset.part("train")
    seeds = sample_seeds(torch.from_numpy(part.ids), "augment", 0)
    images = part.train_images(np.arange(15), seeds)
    sizes = torch.from_numpy(dataset.index.heights[part.ids]), torch.from_numpy(dataset.index.widths[part.ids])
    boxes, flips = training_boxes(seeds, *sizes, SMALL.scale), training_flips(seeds, 0.5)
    assert flips.any() and not flips.all()
    for i, image in enumerate(images):
        original = Image.open(root / "own" / dataset.index.paths[part.ids[i]]).convert("RGB")
        crop = v2.functional.resized_crop(original, *boxes[i].tolist(), [24, 24])
        expected = v2.functional.horizontal_flip(crop) if flips[i] else crop
        np.testing.assert_array_equal(image.permute(1, 2, 0), np.asarray(expected))


def test_packed_training_is_close_to_training_from_files(root: Path) -> None:
    packed, files = opened(root, WAYS["packed"]).part("train"), opened(root, WAYS["files"]).part("train")
    seeds = sample_seeds(torch.from_numpy(packed.ids), "augment", 0)
    near, exact = (part.train_images(np.arange(15), seeds).float() for part in (packed, files))
    differences = (near - exact).abs().mean(dim=(1, 2, 3))
    assert 0 < differences.median() < 8  # rounding of the crop's corners, at half a pixel of these small images


def test_squeezed_images_are_only_flipped(root: Path) -> None:
    part = opened(root, WAYS["squeeze"]).part("train")
    seeds = sample_seeds(torch.from_numpy(part.ids), "augment", 0)
    plain, trained = part.test_images(np.arange(15)), part.train_images(np.arange(15), seeds)
    flipped = [torch.equal(image.flip(-1), original) for image, original in zip(trained, plain, strict=True)]
    same = [torch.equal(image, original) for image, original in zip(trained, plain, strict=True)]
    assert any(flipped) and any(same) and all(a != b for a, b in zip(flipped, same, strict=True))


@pytest.mark.parametrize("way", WAYS)
def test_batches_are_the_same_for_any_number_of_workers(root: Path, way: str) -> None:
    part = opened(root, WAYS[way]).part("train")
    runs = [list(train_batches(part, classes=3, samples=2, seed=0, epoch=4, workers=workers)) for workers in (0, 1, 2)]
    assert len(runs[0]) == 2
    for run in runs[1:]:
        for batch, first in zip(run, runs[0], strict=True):
            assert all(torch.equal(a, b) for a, b in zip(batch, first, strict=True))


@pytest.mark.parametrize("workers", [0, 2])
def test_an_epoch_goes_on_from_any_batch(root: Path, workers: int) -> None:
    part = opened(root).part("train")
    whole = list(train_batches(part, classes=3, samples=2, seed=0, epoch=4))
    rest = train_batches(part, classes=3, samples=2, seed=0, epoch=4, first=1, workers=workers)
    assert len(rest) == len(whole) - 1
    for batch, expected in zip(rest, whole[1:], strict=True):
        assert all(torch.equal(a, b) for a, b in zip(batch, expected, strict=True))


def test_batch_carries_labels_and_ids(root: Path) -> None:
    part = opened(root).part("train")
    batch = next(iter(train_batches(part, classes=3, samples=2, seed=0, epoch=0)))
    assert batch.images.shape == (6, 3, 24, 24) and batch.images.dtype == torch.uint8
    labels = dict(zip(part.ids.tolist(), part.labels.tolist(), strict=True))
    assert batch.labels.tolist() == [labels[i] for i in batch.ids.tolist()]


def test_workers_get_paths_and_not_pixels(root: Path) -> None:
    part = opened(root).part("train")
    part.test_images(np.arange(15))
    part.train_images(np.arange(2), torch.arange(2))
    assert len(pickle.dumps(part)) < 20_000 < part.test.size
    copy = pickle.loads(pickle.dumps(part))
    assert torch.equal(copy.test_images(np.arange(3)), part.test_images(np.arange(3)))


def test_writing_to_a_batch_leaves_the_store_alone(root: Path) -> None:
    part = opened(root).part("test")
    before = part.test_images(np.arange(2)).clone()
    part.test_images(np.arange(2)).zero_()
    assert torch.equal(part.test_images(np.arange(2)), before)


def test_image_does_not_depend_on_processes(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import robust_dml.data.parallel

    settings = config(root)
    folder = build_store(settings, root, workers=1)
    alone = {file.name: file.read_bytes() for file in folder.iterdir()}
    monkeypatch.setattr(robust_dml.data.parallel, "WORTH_PROCESSES", 1)
    build_index(settings, root, Path(), workers=2)
    build_store(settings, root, workers=2)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == alone


def test_unprepared_data_says_what_to_run(root: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"index\.csv: not there; run `robust-dml index` or `snakemake data`"):
        open_dataset(config(root), tmp_path)
    build_index(config(root), tmp_path, Path(), workers=1)
    with pytest.raises(UserError, match="the images are not packed; run `robust-dml store` or `snakemake data`"):
        open_dataset(config(root), tmp_path)


def test_store_of_another_index_is_refused(root: Path, tmp_path: Path) -> None:
    settings = config(root)
    build_index(settings, tmp_path, Path(), workers=1)
    build_store(settings, tmp_path, workers=1)
    path = index_path(settings, tmp_path)
    path.write_text(path.read_text().replace("c5", "renamed"))
    with pytest.raises(UserError, match=r"packed for another index\.csv than the present one; run"):
        open_dataset(settings, tmp_path)


def test_short_store_is_refused(root: Path, tmp_path: Path) -> None:
    settings = config(root)
    build_index(settings, tmp_path, Path(), workers=1)
    file = build_store(settings, tmp_path, workers=1) / "train.uint8"
    size = file.stat().st_size
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(UserError, match=rf"train\.uint8: expected {size} bytes, found {size - 1}"):
        open_dataset(settings, tmp_path)


def test_image_that_changed_since_the_index_is_named(root: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    for label in range(2):
        (own / f"c{label}").mkdir(parents=True)
        (own / f"c{label}" / "0.jpg").write_bytes(photograph(label))
    settings = config(tmp_path)
    build_index(settings, tmp_path, Path(), workers=1)
    (own / "c1" / "0.jpg").write_bytes(photograph(1, 60, 36))
    with pytest.raises(UserError, match=r"c1/0\.jpg: 60 x 36 pixels, not as indexed; run `robust-dml index`"):
        build_store(settings, tmp_path, workers=1)
    assert not store_folder(settings, tmp_path).exists()


def test_damaged_record_says_what_to_run(root: Path, tmp_path: Path) -> None:
    settings = config(root)
    build_index(settings, tmp_path, Path(), workers=1)
    record = build_store(settings, tmp_path, workers=1) / "store.json"
    assert json.loads(record.read_text())["images"] == 30
    record.write_text("{")
    with pytest.raises(UserError, match="not packed; run"):
        open_dataset(settings, tmp_path)


def test_damaged_index_says_what_to_do(root: Path, tmp_path: Path) -> None:
    settings = config(root)
    path = build_index(settings, tmp_path, Path(), workers=1)
    path.write_text("id,path\n0,a\n")
    with pytest.raises(UserError, match=r"index\.csv: not an index .*; delete it and run `robust-dml index`"):
        open_dataset(settings, tmp_path)


def test_opening_a_dataset_imports_torch_and_little_else(root: Path) -> None:
    import subprocess
    import sys

    opened(root)
    script = f"""
import sys, torch
from pathlib import Path
from robust_dml.config.data import DatasetConfig
from robust_dml.data import open_dataset
from robust_dml.data.loading.batches import train_batches
config = DatasetConfig.model_validate_json({config(root).model_dump_json()!r})
part = open_dataset(config, Path({str(root)!r})).part("train")
next(iter(train_batches(part, classes=3, samples=2, seed=0, epoch=0)))
print([name for name in ("torchvision", "PIL", "pandas", "sklearn", "scipy", "pooch") if name in sys.modules])
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
