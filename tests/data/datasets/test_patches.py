"""Patches of photographs: places, views of them, and which photographs train."""

from __future__ import annotations

import math
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from robust_dml.config.data import DatasetConfig
from robust_dml.data.datasets.patches import (
    WINDOW,
    PatchesOptions,
    Place,
    choose_places,
    places_in,
    reach,
    view_of,
    write_patches,
)
from robust_dml.data.datasets.photographs import PAIRS, Photograph, find_photographs
from robust_dml.data.index.build import build_index
from robust_dml.data.index.file import read_index
from robust_dml.runtime.errors import UserError


def photograph(seed: int, width: int = 200, height: int = 160) -> Image.Image:
    """A smooth random picture, which has texture everywhere."""
    noise = np.random.default_rng(seed).normal(size=(height, width, 3))
    smooth = gaussian_filter(noise, sigma=(3, 3, 0))
    return Image.fromarray(np.uint8(np.clip(128 + 400 * smooth, 0, 255)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four photographs of a user, at two depths."""
    root = tmp_path_factory.mktemp("photographs")
    (root / "sea").mkdir()
    for seed, name in enumerate(["a.png", "b.jpg", "c.png", "sea/d.png"]):
        photograph(seed).save(root / name)
    return root


def written(images: Path, folder: Path | None, **sizes: int) -> dict[str, bytes]:
    images.mkdir(parents=True)
    write_patches(images, PatchesOptions(photographs=folder, **sizes))
    return {path.relative_to(images).as_posix(): path.read_bytes() for path in sorted(images.rglob("*.png"))}


def photograph_of(class_name: str) -> str:
    """The part of <class>-<photograph>-<place>."""
    return class_name.split("-", 1)[1].rsplit("-", 1)[0]


def correlation(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


def test_classes_views_and_pixels_are_as_many_as_asked(tmp_path: Path, folder: Path) -> None:
    files = written(tmp_path / "images", folder, classes=14, images_per_class=3, pixels=16)
    views: dict[str, list[str]] = {}
    for file in files:
        class_name, view = file.split("/")
        views.setdefault(class_name, []).append(view)
    assert len(views) == 14
    assert all(found == ["000.png", "001.png", "002.png"] for found in views.values())
    for file in files:
        with Image.open(tmp_path / "images" / file) as image:
            assert (image.size, image.mode) == ((16, 16), "RGB")


def test_the_same_bytes_at_each_time(tmp_path: Path, folder: Path) -> None:
    sizes = {"classes": 6, "images_per_class": 2, "pixels": 16}
    assert written(tmp_path / "first", folder, **sizes) == written(tmp_path / "second", folder, **sizes)


def test_a_view_does_not_depend_on_the_other_places_and_views(tmp_path: Path, folder: Path) -> None:
    few = written(tmp_path / "few", folder, classes=6, images_per_class=2, pixels=16)
    many = written(tmp_path / "many", folder, classes=16, images_per_class=4, pixels=16)
    by_place = {file.split("-", 1)[1]: content for file, content in many.items()}
    assert all(by_place[file.split("-", 1)[1]] == content for file, content in few.items())


def test_views_of_one_place_differ(folder: Path) -> None:
    place = Place(Photograph("a.png", folder / "a.png"), 0, 100, 80)
    assert all((view_of(place, i, 16) != view_of(place, j, 16)).any() for i, j in combinations(range(4), 2))


def test_views_of_a_place_are_more_alike_than_views_of_other_places(folder: Path) -> None:
    places = places_in(Photograph("a.png", folder / "a.png"), 16, most=6)
    views = [[view_of(place, number, 16) for number in range(4)] for place in places]
    same = [correlation(a, b) for own in views for a, b in combinations(own, 2)]
    other = [correlation(a, b) for one, two in combinations(views, 2) for a in one for b in two]
    assert np.mean(same) > 0.4
    assert abs(np.mean(other)) < 0.2


def test_a_view_is_centred_on_its_place(tmp_path: Path) -> None:
    # A white disc of half a window on grey: wherever it is, the middle of each view is white and its corners are grey.
    y, x = np.mgrid[:200, :200]
    disc = np.hypot(x - 90, y - 120) < 12
    Image.fromarray(np.where(disc, 255, 100).astype(np.uint8)).save(tmp_path / "disc.png")
    place = Place(Photograph("disc.png", tmp_path / "disc.png"), 0, 90, 120)
    for number in range(20):
        view = view_of(place, number, 32).astype(float)
        middle, corners = view[14:18, 14:18].mean(), view[[0, 0, -1, -1], [0, -1, 0, -1]].mean()
        assert middle > corners + 50


def test_fine_stripes_become_grey_and_no_coarse_ones(tmp_path: Path) -> None:
    # Stripes of one pixel are finer than a view can show at any zoom; without averaging they would alias.
    stripes = np.broadcast_to(255 * (np.arange(200) % 2), (200, 200)).astype(np.uint8)
    Image.fromarray(stripes).save(tmp_path / "stripes.png")
    place = Place(Photograph("stripes.png", tmp_path / "stripes.png"), 0, 100, 100)
    deviations = [view_of(place, number, 32).std(axis=(0, 1)).mean() for number in range(20)]
    assert max(deviations) < 0.15 * stripes.std()


def test_views_at_the_border_show_nothing_but_the_photograph(tmp_path: Path) -> None:
    # What lies outside a photograph would be black.
    Image.new("L", (200, 200), 255).save(tmp_path / "white.png")
    margin = math.ceil(reach() * 16 * WINDOW)
    place = Place(Photograph("white.png", tmp_path / "white.png"), 0, margin, 200 - margin)
    assert min(view_of(place, number, 16).min() for number in range(300)) > 150


def test_places_are_a_window_apart_and_inside_the_photograph(folder: Path) -> None:
    places = places_in(Photograph("a.png", folder / "a.png"), 16, most=1000)
    assert len(places) > 5
    for a, b in combinations(places, 2):
        assert (a.x - b.x) ** 2 + (a.y - b.y) ** 2 >= (16 * WINDOW) ** 2
    margin = reach() * 16 * WINDOW
    assert all(margin <= place.x <= 200 - margin and margin <= place.y <= 160 - margin for place in places)


def test_flat_parts_of_a_photograph_have_no_places(tmp_path: Path) -> None:
    pixels = np.array(photograph(0, 400, 160))
    pixels[:, :200] = 90
    Image.fromarray(pixels).save(tmp_path / "half.png")
    places = places_in(Photograph("half.png", tmp_path / "half.png"), 16, most=1000)
    assert places and min(place.x for place in places) > 200 - 16 * WINDOW


def test_places_are_spread_evenly_over_the_photographs(folder: Path) -> None:
    found = [Photograph(name, folder / name) for name in ("a.png", "b.jpg", "c.png")]
    places = choose_places(found, 8, 16)
    assert [place.photograph.name for place in places] == ["a.png"] * 3 + ["b.jpg"] * 3 + ["c.png"] * 2
    assert [place.number for place in places] == [0, 1, 2, 0, 1, 2, 0, 1]


@pytest.mark.parametrize("classes", [6, 7])
def test_split_sorted_trains_on_one_half_of_the_photographs(tmp_path: Path, folder: Path, classes: int) -> None:
    config = DatasetConfig(
        kind="patches", backbone="any", photographs=folder, classes=classes, images_per_class=2, pixels=16
    )
    index = read_index(build_index(config, tmp_path, tmp_path / "none.yaml", workers=1))
    training = index.splits["sorted"]
    sides = [{photograph_of(index.classes[i]) for i in np.flatnonzero(side)} for side in (training, ~training)]
    assert sides == [{"a", "b"}, {"c", "d"}]


def test_new_photographs_make_new_patches(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    for seed, name in enumerate(["a.png", "b.png"]):
        photograph(seed).save(own / name)
    config = DatasetConfig(kind="patches", backbone="any", photographs=own, classes=4, images_per_class=2, pixels=16)
    build_index(config, tmp_path, tmp_path / "none.yaml", workers=1)
    photograph(2).save(own / "c.png")
    index = read_index(build_index(config, tmp_path, tmp_path / "none.yaml", workers=1))
    assert {photograph_of(name) for name in index.classes} == {"a", "b", "c"}


def test_the_bundled_photographs_are_there_and_no_two_show_one_scene() -> None:
    found = find_photographs(None)
    names = [photograph.path.stem for photograph in [*found.training, *found.test]]
    assert len(found.training) == len(found.test) == len(PAIRS)
    assert len(set(names)) == len(names)
    assert not {"motorcycle_left", "motorcycle_right"} <= set(names)
    assert all(photograph.path.is_file() for photograph in [*found.training, *found.test])


def test_bundled_photographs_have_the_classes_of_the_default(tmp_path: Path) -> None:
    found = find_photographs(None)
    for side in (found.training, found.test):
        assert len(choose_places(side, 280, 32)) == 280


def test_a_large_photograph_is_reduced(tmp_path: Path) -> None:
    small = photograph(0, 800, 600)
    small.resize((2400, 1800), Image.Resampling.NEAREST).save(tmp_path / "large.png")
    small.resize((1200, 900), Image.Resampling.BOX).save(tmp_path / "small.png")
    large, half = (
        view_of(Place(Photograph("same", tmp_path / f"{name}.png"), 0, 300, 300), 0, 16) for name in ("large", "small")
    )
    assert correlation(large, half) > 0.95


@pytest.mark.parametrize("names", [[], ["a.png"]])
def test_too_few_photographs_are_one_line(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        photograph(0).save(tmp_path / name)
    with pytest.raises(UserError, match=f"at least two photographs are needed, found {len(names)}") as error:
        find_photographs(tmp_path)
    assert str(tmp_path) in str(error.value) and "\n" not in str(error.value)


def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"absent: at least two photographs are needed, found 0"):
        find_photographs(tmp_path / "absent")


@pytest.mark.parametrize("size", [(200, 160), (30, 20), (1, 1)])
def test_too_small_photographs_are_one_line(tmp_path: Path, size: tuple[int, int]) -> None:
    own = tmp_path / "own"
    own.mkdir()
    for seed, name in enumerate(["a.png", "b.png"]):
        photograph(seed, *size).save(own / name)
    images = tmp_path / "images"
    images.mkdir()
    with pytest.raises(UserError, match=r"a\.png.*300 places of 24 pixels.*found \d+") as error:
        write_patches(images, PatchesOptions(classes=600, images_per_class=2, pixels=16, photographs=own))
    assert "\n" not in str(error.value)
