from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
import yaml

from robust_dml.config.data import DatasetConfig, DatasetKind
from robust_dml.data.archives.sources import load_sources
from robust_dml.data.paths import FROM_ARCHIVES, archive_paths
from robust_dml.runtime.errors import UserError

TABLE = Path(__file__).parents[2] / "config" / "datasets.yaml"


def test_table_of_the_paper() -> None:
    table = load_sources(TABLE)
    assert set(table) == set(FROM_ARCHIVES) <= set(get_args(DatasetKind))
    counts = {kind: (source.images, source.classes) for kind, source in table.items()}
    assert counts == {
        "cub200": (11_788, 200),
        "cars196": (16_185, 196),
        "sop": (120_053, 22_634),
        "visualphish": (None, None),
    }
    archives = [archive for source in table.values() for layout in source.layouts.values() for archive in layout]
    assert len({archive.file for archive in archives}) == len(archives)
    for archive in archives:
        assert archive.mirrors or archive.ask
        assert all(url.startswith(("https://", "http://")) for url in archive.mirrors)


def dataset(kind: str, **keys: object) -> DatasetConfig:
    return DatasetConfig(kind=kind, backbone="any", **keys)  # type: ignore[arg-type]


def test_generated_and_own_images_need_no_archive(tmp_path: Path) -> None:
    assert archive_paths(dataset("digits"), tmp_path, tmp_path / "absent.yaml") == []
    assert archive_paths(dataset("folder", folder="own"), tmp_path, tmp_path / "absent.yaml") == []


def test_layout_that_is_there_is_chosen(tmp_path: Path) -> None:
    def names() -> list[str]:
        return [path.name for path in archive_paths(dataset("cars196"), tmp_path, TABLE)]

    assert names() == ["stanford-car-dataset-by-classes-folder.zip"]
    (tmp_path / "archives").mkdir()
    (tmp_path / "archives" / "car_ims.tgz").touch()
    assert names() == ["stanford-car-dataset-by-classes-folder.zip"]
    (tmp_path / "archives" / "cars_annos.mat").touch()
    assert names() == ["car_ims.tgz", "cars_annos.mat"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sha256": "abc"}, r"cub200\.layouts\.original\.0\.sha256: "),
        ({"hash": "abc"}, r"cub200\.layouts\.original\.0\.hash: unknown key"),
        ({"file": "../evil.tgz"}, r"cub200\.layouts\.original\.0\.file: "),
        ({"unpacked": None}, r"cub200\.layouts\.original\.0\.unpacked: "),
    ],
)
def test_mistake_in_the_table_is_named(tmp_path: Path, change: dict, said: str) -> None:
    content = yaml.safe_load(TABLE.read_text())
    content["cub200"]["layouts"]["original"][0].update(change)
    file = tmp_path / "sources.yaml"
    file.write_text(yaml.safe_dump(content))
    with pytest.raises(UserError, match=rf"sources\.yaml: {said}"):
        load_sources(file)


def test_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"absent\.yaml: cannot read the table of sources"):
        load_sources(tmp_path / "absent.yaml")
