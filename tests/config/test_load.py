"""A mistake in a study ends in one line that names its place."""

from pathlib import Path

import pytest
import yaml

from robust_dml.config import load_study
from robust_dml.runtime.errors import UserError

STUDIES = Path(__file__).parents[2] / "config"


def changed(tmp_path: Path, **changes: object) -> Path:
    """config/ci.yaml with some keys replaced."""
    content = yaml.safe_load((STUDIES / "ci.yaml").read_text())
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump({**content, **changes}))
    return path


@pytest.mark.parametrize("name", ["demo", "ci", "paper"])
def test_the_studies_of_the_project_are_valid(name: str) -> None:
    assert load_study(STUDIES / f"{name}.yaml").name == name


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sedes": [1]}, "sedes: unknown key"),
        ({"optimisation": {"epochs": 0}}, "optimisation.epochs: Input should be greater than or equal to 1 (found 0)"),
        ({"optimisation": {"learning_rate": "fast"}}, "optimisation.learning_rate: "),
        ({"trainings": {"natural": {}}}, "trainings.natural.method: missing"),
        ({"seeds": []}, "seeds: "),
        ({"report": {"headline": "pgd-0.3"}}, "report.headline: no such name: pgd-0.3; known are clean, fgsm-0.1"),
        ({"name": "Two Words"}, "name: "),
    ],
)
def test_mistakes_name_their_place(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    path = changed(tmp_path, **changes)
    with pytest.raises(UserError) as error:
        load_study(path)
    assert f"{path}: " in str(error.value) and message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_wrong_override_names_its_place(tmp_path: Path) -> None:
    content = yaml.safe_load((STUDIES / "ci.yaml").read_text())
    content["trainings"]["natural"]["optimisation"] = {"epoch": 3}
    with pytest.raises(UserError, match=r"trainings\.natural\.optimisation\.epoch: unknown key"):
        load_study(changed(tmp_path, trainings=content["trainings"]))


@pytest.mark.parametrize(
    ("text", "message"),
    [("a: [1", "not valid YAML"), ("- 1", "a study is a mapping"), ("name: a\nname: b", "the key 'name' stands twice")],
)
def test_files_that_are_no_study(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        load_study(path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot read the study: No such file"):
        load_study(tmp_path / "none.yaml")


def test_scientific_notation_without_a_dot_is_a_number(tmp_path: Path) -> None:
    study = load_study(changed(tmp_path, optimisation={"learning_rate": "1e-3"}))
    assert study.optimisation.learning_rate == 1e-3
