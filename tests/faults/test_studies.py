"""Every wrong study is refused while it is planned, with its place in the YAML and a hint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from faults.wrong_studies import CI, FILES, WRONG, Wrong
from robust_dml.cli.main import main
from robust_dml.config import load_study
from robust_dml.runtime.errors import UserError


def refusal(path: Path, content: object) -> str:
    """Return the one line with which a study is refused."""
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(UserError) as error:
        load_study(path)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: f"{wrong.place}={str(wrong.value)[:40]}")
def test_a_wrong_study_is_refused_with_its_place_and_a_hint(tmp_path: Path, wrong: Wrong) -> None:
    line = refusal(tmp_path / "study.yaml", wrong.study())
    place, hint = wrong.words
    assert line.startswith(f"{tmp_path / 'study.yaml'}: ")
    assert place in line
    assert hint in line


def test_the_table_of_wrong_studies_is_long_enough() -> None:
    assert len(WRONG) >= 60


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_no_study_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    content, words = FILES[name]
    Path("study.yaml").write_bytes(content)
    assert main(["plan", "study.yaml"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("robust-dml: error: study.yaml: ")
    assert words in line
    assert not Path("executed").exists()


PLACES = [
    ("optimisation", "epochs"),
    ("optimisation", "learning_rate"),
    ("optimisation", "workers"),
    ("datasets", "digits", "split"),
    ("datasets", "digits", "transform", "size"),
    ("backbones", "tiny", "widths"),
    ("losses", "triplet", "options"),
    ("trainings", "robust-anchor", "attack", "epsilon"),
    ("attacks", "pgd", "epsilon"),
    ("attacks", "pgd", "steps"),
    ("seeds",),
    ("report",),
]
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SCALARS, inner, max_size=3))


@given(place=st.sampled_from(PLACES), value=VALUES)
def test_any_value_at_any_place_is_taken_or_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, place: tuple[str, ...], value: object
) -> None:
    content = _with(place, value)
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    try:
        path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    except UnicodeEncodeError:
        assume(False)
    try:
        study = load_study(path)
    except UserError as error:
        assert "\n" not in str(error) and str(path) in str(error)
        return
    assert 1 <= study.optimisation.epochs <= 10**6
    assert 0 < study.optimisation.learning_rate < float("inf")
    assert study.optimisation.workers <= 256
    assert all(0 <= epsilon <= 1 for epsilon in study.attacks["pgd"].epsilon)
    assert len(set(study.seeds)) == len(study.seeds) > 0


def _with(place: tuple[str, ...], value: object) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(CI.read_text())
    section = content
    for key in place[:-1]:
        section = section[key]
    section[place[-1]] = value
    return content
