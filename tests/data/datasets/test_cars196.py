from __future__ import annotations

import hashlib
from pathlib import Path

import miniatures
from miniatures import archive, source
from prepared import prepare
from robust_dml.data.index.file import read_index


def prepare_cars(root: Path, layout: str) -> Path:
    images, annotations = miniatures.cars_original()
    mirror = miniatures.cars_by_class()
    contents = {"car_ims.tgz": images, "cars_annos.mat": annotations, "classes.zip": mirror}
    layouts = {"by-class": ["classes.zip"], "original": ["car_ims.tgz", "cars_annos.mat"]}
    entry = source(12, 4, **{key: [archive(f, contents[f]) for f in files] for key, files in layouts.items()})
    return prepare(root, "cars196", entry, **{file: contents[file] for file in layouts[layout]})


def test_both_layouts_of_cars_arrive_at_the_same_index(tmp_path: Path) -> None:
    original, by_class = (prepare_cars(tmp_path / layout, layout) for layout in ("original", "by-class"))
    assert original.read_bytes() == by_class.read_bytes()
    index = read_index(original)
    assert [index.classes[i] for i in (0, 3, 6, 9)] == miniatures.CARS
    images = {path: (original.parent / "images" / path).read_bytes() for path in index.paths}
    assert images == {path: (by_class.parent / "images" / path).read_bytes() for path in index.paths}
    expected = {hashlib.sha256(miniatures.photograph(3000 + number)).hexdigest() for number in (4, 5, 6)}
    found = {
        hashlib.sha256(images[path]).hexdigest()
        for path, label in zip(index.paths, index.labels, strict=True)
        if label == 1
    }
    assert found == expected
