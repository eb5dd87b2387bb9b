from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import miniatures
from miniatures import archive, source, zipped
from prepared import config, prepare
from robust_dml.data import open_dataset
from robust_dml.data.index.file import Index, read_index
from robust_dml.data.store.build import build_store
from robust_dml.runtime.errors import UserError

LIST = "list_eval_partition.txt"
SMALL = {"size": 16, "resize": 20, "train_side": 24}


def prepared(root: Path, files: miniatures.Files, images: int = 12) -> Index:
    pictures = {name: content for name, content in files.items() if name.startswith("img/")}
    contents = {"img.zip": zipped(pictures), LIST: files[LIST]}
    entry = source(images, 5, original=[archive(name, content) for name, content in contents.items()])
    return read_index(prepare(root, "in-shop", entry, **contents))


def test_original_layout(tmp_path: Path) -> None:
    index = prepared(tmp_path, miniatures.in_shop_files())
    assert list(dict.fromkeys(index.classes)) == [f"id_{number:08d}" for number in (1, 2, 4, 7, 80)]
    statuses = {}
    for line in miniatures.in_shop_files()[LIST].decode().splitlines()[2:]:
        path, item, status = line.split()
        statuses[path] = (item, status)
    for row, path in enumerate(index.paths):
        item, status = statuses[path]
        assert index.classes[row] == item
        assert bool(index.splits["official"][row]) == (status == "train")
        assert {role for role, of in index.roles.items() if of[row]} == {status} - {"train"}


def test_queries_are_compared_with_the_gallery_alone(tmp_path: Path) -> None:
    prepared(tmp_path, miniatures.in_shop_files())
    settings = config("in-shop", transform=SMALL)
    assert settings.split == "official"
    build_store(settings, tmp_path, workers=1)
    dataset = open_dataset(settings, tmp_path)
    queries, gallery = dataset.queries_and_gallery()
    assert len(dataset.part("train")) == 7 and len(queries) == 2 and len(gallery) == 3
    assert np.intersect1d(queries.ids, gallery.ids).size == 0
    halves = open_dataset(config("in-shop", transform=SMALL, split="sorted"), tmp_path)
    queries, gallery = halves.queries_and_gallery()
    assert gallery is queries  # the lists belong to the official split


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("12\n", "13\n", "its first line says 13 images, found 12"),
        (" query\n", " probe\n", "KeyError 'probe'"),
        (" query\n", "\n", "not enough values"),
    ],
)
def test_a_list_of_another_form_is_refused(tmp_path: Path, before: str, after: str, said: str) -> None:
    files = miniatures.in_shop_files()
    text = files[LIST].decode()
    assert before in text
    with pytest.raises(UserError, match=f"not laid out as in-shop is: .*{said}"):
        prepared(tmp_path, files | {LIST: text.replace(before, after, 1).encode()})


def test_its_own_gallery_cannot_be_replaced() -> None:
    with pytest.raises(ValueError, match="gallery: the split official of in-shop lists its own gallery"):
        config("in-shop", gallery="train")
