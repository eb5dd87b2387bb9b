"""The file of an attack: what is written is read, and everything else is refused in one line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from robust_dml.evaluation.attacked import (
    Attacked,
    fixed_point,
    load_attacked,
    read_origin,
    save_attacked,
)
from robust_dml.evaluation.origin import Origin, read_header
from robust_dml.runtime.errors import UserError

NAMES = ("positions", "embeddings", "norm", "zero_gradient", "image_positions", "images", "gallery")
GENERATOR = np.random.default_rng(0)
MADE = Attacked(
    positions=np.array([2, 3, 7]),
    embeddings=GENERATOR.normal(size=(3, 4)).astype(np.float32),
    norm=np.array([0.1, 0.0, 0.05]),
    zero_gradient=np.array([False, True, False]),
    image_positions=np.array([3]),
    images=fixed_point(GENERATOR.random((1, 3, 2, 2), dtype=np.float32)),
    origin=Origin(
        **{
            **{name: "" for name in Origin.__dataclass_fields__ if name != "seconds"},
            "label": "pgd-0.1",
            "digest": "0123",
            "seconds": 1.5,
        }  # type: ignore[arg-type]
    ),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    save_attacked(tmp_path / "pgd-0.1.npz", MADE)
    return tmp_path / "pgd-0.1.npz"


def test_what_is_written_is_read(path: Path) -> None:
    found = load_attacked(path)
    assert found.origin == MADE.origin == read_origin(path) == read_header(path)
    for name in NAMES:
        assert np.array_equal(getattr(found, name), getattr(MADE, name))
        assert getattr(found, name).dtype == getattr(MADE, name).dtype
    assert np.array_equal(found.at(np.array([7, 2])), MADE.embeddings[[2, 0]])


def test_pixels_are_kept_to_half_a_level() -> None:
    images = GENERATOR.random((2, 3, 4, 4), dtype=np.float32)
    images[0, 0, 0] = [0, 1, 0.5, 1 / 3]
    kept = replace(MADE, images=fixed_point(images)).pixels()
    assert np.abs(kept - images).max() <= 0.5 / 65535 + 1e-7
    assert kept.dtype == np.float32 and kept.min() >= 0 and kept.max() <= 1


def change_header(path: Path, **changes: object) -> None:
    with np.load(path) as file:
        header, arrays = json.loads(str(file["header"])), {name: file[name] for name in NAMES}
    np.savez(path, header=np.array(json.dumps({**header, **changes})), **arrays)


def other_embeddings(path: Path) -> None:
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    np.savez(path, **{**arrays, "embeddings": arrays["embeddings"] + 1e-3})


def without_norm(path: Path) -> None:
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files if name != "norm"}
    np.savez(path, **arrays)


def header_that_is_no_mapping(path: Path) -> None:
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    np.savez(path, **{**arrays, "header": np.array("[1]")})


SPOILED = {
    "cut": (lambda path: path.write_bytes(path.read_bytes()[:200]), "damaged"),
    "empty": (lambda path: path.write_bytes(b""), "damaged"),
    "text": (lambda path: path.write_text("positions"), "damaged"),
    "an array missing": (without_norm, "damaged"),
    "no mapping": (header_that_is_no_mapping, "damaged"),
    "a header of another version": (lambda path: change_header(path, colour="red"), "damaged"),
    "edited": (other_embeddings, "its content is not what was written"),
    "absent": (lambda path: path.unlink(), "not there; run `robust-dml attack`"),
}


@pytest.mark.parametrize("how", SPOILED)
def test_a_spoiled_file_is_one_line_and_counts_as_absent(how: str, path: Path) -> None:
    spoil, message = SPOILED[how]
    spoil(path)
    with pytest.raises(UserError) as error:
        load_attacked(path)
    assert message in str(error.value) and str(path) in str(error.value) and "\n" not in str(error.value)
    assert read_origin(path) is None
    assert read_header(path) in (None, MADE.origin)  # which does not look at the arrays
