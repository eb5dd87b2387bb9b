"""A file is complete or absent."""

from pathlib import Path

import pytest

from robust_dml.runtime.files import digest_of, read_json, replacing, sha256_of, write_json, write_text


def test_an_error_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    target = tmp_path / "result.json"
    write_text(target, "old")
    with pytest.raises(RuntimeError), replacing(target) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_json_round_trip_and_no_nan(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "result.json"
    write_json(target, {"recall@1": 0.5})
    assert read_json(target) == {"recall@1": 0.5}
    with pytest.raises(ValueError, match="JSON"):
        write_json(target, float("nan"))
    assert read_json(target) == {"recall@1": 0.5}


def test_hashes(tmp_path: Path) -> None:
    target = tmp_path / "abc"
    write_text(target, "abc")
    assert sha256_of(target) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1}) != digest_of({"a": 1, "b": 3})
