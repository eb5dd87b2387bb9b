from __future__ import annotations

from pathlib import Path

import pytest

import miniatures
from prepared import prepare_cub
from robust_dml.data.index.file import read_index
from robust_dml.runtime.errors import UserError


def test_cub(tmp_path: Path) -> None:
    index = read_index(prepare_cub(tmp_path, miniatures.cub_files()))
    assert index.labels.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert index.classes[3] == "002.Bird_C"
    assert index.paths[3] == "CUB_200_2011/images/002.Bird_C/Bird_C_0000_100.jpg"
    assert set(index.widths) == {48} and set(index.heights) == {36}
    assert index.splits["sorted"].tolist() == [True] * 6 + [False] * 6


def test_missing_list_names_it(tmp_path: Path) -> None:
    files = {name: content for name, content in miniatures.cub_files().items() if not name.endswith("/images.txt")}
    with pytest.raises(UserError, match=r"not laid out as cub200 is.*images\.txt"):
        prepare_cub(tmp_path, files)
