from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import miniatures
from miniatures import archive, source, zipped
from prepared import prepare
from robust_dml.data.index.file import read_index
from robust_dml.runtime.errors import UserError


def visualphish_entry(pages: bytes, training: bytes) -> dict:
    return source(11, 2, original=[archive("VisualPhish.zip", pages), archive("visualphish-train.txt", training)])


def test_visualphish(tmp_path: Path) -> None:
    pages, training = zipped(miniatures.visualphish_files()), miniatures.VISUALPHISH_TRAINING
    contents = {"VisualPhish.zip": pages, "visualphish-train.txt": training}
    entry = visualphish_entry(pages, training) | {"images": 10}
    index = read_index(prepare(tmp_path, "visualphish", entry, **contents))
    assert list(dict.fromkeys(index.classes)) == ["microsoft", "paypal"]
    sides = dict(zip(index.paths, index.splits["original"], strict=True))
    assert all(side for path, side in sides.items() if "trusted_list" in path)
    phishing = {path.split("/")[-1]: side for path, side in sides.items() if "phishing" in path}
    assert {name for name, side in phishing.items() if side} == {"T0_0.png", "T2_1.png"}
    assert len(phishing) == 6


def test_visualphish_is_given_by_its_authors(tmp_path: Path) -> None:
    table = yaml.safe_load(Path("config/datasets.yaml").read_text())
    with pytest.raises(UserError, match=r"VisualPhish\.zip: not there.*github\.com/S-Abdelnabi/VisualPhishNet"):
        prepare(tmp_path, "visualphish", table["visualphish"])


def test_training_list_must_fit(tmp_path: Path) -> None:
    pages, training = zipped(miniatures.visualphish_files()), b"T0_0.png\nT9_9.png\n"
    contents = {"VisualPhish.zip": pages, "visualphish-train.txt": training}
    with pytest.raises(UserError, match=r"1 of its files are not in phishing, such as T9_9\.png"):
        prepare(tmp_path, "visualphish", visualphish_entry(pages, training), **contents)
