from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from prepared import config
from robust_dml.data.archives.sources import load_sources
from robust_dml.data.paths import archive_paths
from robust_dml.records import DATASETS
from robust_dml.runtime.errors import UserError

TABLE = Path(__file__).parents[3] / "config" / "datasets.yaml"


def test_table_of_the_paper() -> None:
    table = load_sources(TABLE)
    assert set(table) == {name for name in DATASETS.names if DATASETS.load(name).origin == "archives"}
    counts = {kind: (source.images, source.classes) for kind, source in table.items()}
    assert counts == {
        "cub200": (11_788, 200),
        "cars196": (16_185, 196),
        "sop": (120_053, 22_634),
        "visualphish": (None, None),
        "in-shop": (52_712, 7_982),
    }
    archives = [archive for source in table.values() for layout in source.layouts.values() for archive in layout]
    assert len({archive.file for archive in archives}) == len(archives)
    for archive in archives:
        assert archive.mirrors or archive.ask
        assert all(url.startswith(("https://", "http://")) for url in archive.mirrors)


def test_generated_and_own_images_need_no_archive(tmp_path: Path) -> None:
    assert archive_paths(config("digits"), tmp_path, tmp_path / "absent.yaml") == []
    assert archive_paths(config("folder", folder="own"), tmp_path, tmp_path / "absent.yaml") == []


def test_layout_that_is_there_is_chosen(tmp_path: Path) -> None:
    def names() -> list[str]:
        return [path.name for path in archive_paths(config("cars196"), tmp_path, TABLE)]

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
        ({"mirrors": ["file:///etc/passwd"]}, r"cub200\.layouts\.original\.0\.mirrors\.0: .*\^https\?://"),
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


def test_kind_that_the_table_lacks_is_named(tmp_path: Path) -> None:
    (tmp_path / "sources.yaml").write_text(yaml.safe_dump({"sop": yaml.safe_load(TABLE.read_text())["sop"]}))
    with pytest.raises(UserError, match=r"sources\.yaml: no entry cub200; the table has sop"):
        archive_paths(config("cub200"), tmp_path, tmp_path / "sources.yaml")
