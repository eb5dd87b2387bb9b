"""A mistake in a study ends in one line that names its place."""

from pathlib import Path

import pytest
import yaml

from robust_dml.config import load_study
from robust_dml.records import THREATS
from robust_dml.runtime.errors import UserError

STUDIES = Path(__file__).parents[2] / "config"


def changed(tmp_path: Path, **changes: object) -> Path:
    """config/ci.yaml with some keys replaced."""
    content = yaml.safe_load((STUDIES / "ci.yaml").read_text())
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump({**content, **changes}))
    return path


def mistake(path: Path) -> str:
    """The line in which a study is refused, without its file."""
    with pytest.raises(UserError) as error:
        load_study(path)
    assert str(error.value).startswith(f"{path}: ") and "\n" not in str(error.value)
    return str(error.value).removeprefix(f"{path}: ")


@pytest.mark.parametrize("name", ["demo", "ci", "paper", "photographs"])
def test_the_studies_of_the_project_are_valid(name: str) -> None:
    assert load_study(STUDIES / f"{name}.yaml").name == name


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sedes": [1]}, "sedes: unknown key"),
        ({"optimisation": {"epochs": 0}}, "optimisation.epochs: Input should be greater than or equal to 1 (found 0)"),
        ({"optimisation": {"learning_rate": "fast"}}, "optimisation.learning_rate: "),
        ({"optimisation": {"epochs": True}}, "optimisation.epochs: expected a number, not true or false"),
        ({"trainings": {"natural": {}}}, "trainings.natural.method: missing"),
        ({"seeds": []}, "seeds: "),
        ({"seeds": [0, 1, 0]}, "seeds: duplicate seed"),
        ({"seeds": [-1]}, "seeds.0: "),
        ({"report": {"headline": "pgd-0.3"}}, "report.headline: no such name: pgd-0.3; known are fgsm-0.1"),
        ({"name": "Two Words"}, "name: "),
        ({"losses": {}}, "losses: "),
        ({"losses": []}, "losses: "),
    ],
)
def test_mistakes_name_their_place(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    assert message in mistake(changed(tmp_path, **changes))


@pytest.mark.parametrize(
    ("attack", "message"),
    [
        (
            {"optimiser": "pdg", "epsilon": 0.1},
            "optimiser: no such optimiser: pdg (did you mean pgd?); known are apgd, ",
        ),
        ({"optimiser": "pgd", "epsilon": 0.1}, "steps: missing"),
        ({"optimiser": "fgsm", "epsilon": 0.1, "steps": 3}, "steps: unknown key; fgsm has the options step_size"),
        (
            {"optimiser": "fgsm", "epsilon": 0.1, "objective": "margn"},
            "no such objective: margn (did you mean margin?)",
        ),
        (
            {"optimiser": "fgsm", "epsilon": 0.1, "threat": "everyone"},
            f"no such threat: everyone; known are {', '.join(THREATS.names)}",
        ),
        (
            {"optimiser": "fgsm", "epsilon": 0.1, "threat": "hub"},
            "hub has a metric of its own; list it under `threats`",
        ),
        ({"optimiser": "fgsm", "epsilon": 0.1, "norm": "l1"}, "attacks.pgd.norm: "),
        ({"optimiser": "fgsm", "epsilon": 8}, "8 is larger than the range of pixels [0, 1]; write 8/255, not 8"),
        ({"optimiser": "fgsm", "epsilon": float("inf")}, "finite"),
        ({"optimiser": "fgsm", "epsilon": float("nan")}, "finite"),
        ({"optimiser": "fgsm", "epsilon": True}, "expected a number, not true or false"),
        ({"optimiser": "fgsm", "epsilon": -0.1}, "greater than or equal to 0"),
        ({"optimiser": "fgsm", "epsilon": "8/0"}, "8/0 divides by zero"),
        ({"optimiser": "fgsm", "epsilon": "a/b"}, "attacks.pgd.epsilon"),
        ({"optimiser": "fgsm", "epsilon": []}, "attacks.pgd.epsilon"),
        ({"optimiser": "fgsm", "epsilon": [0.1, 0.1]}, "duplicate epsilon"),
        ({"optimiser": "fgsm"}, "attacks.pgd.epsilon: missing"),
        ({"optimiser": 3, "epsilon": 0.1}, "attacks.pgd.optimiser: "),
        ({"optimiser": "pgd", "epsilon": 0.1, "options": 3}, "options: expected a mapping"),
        ({"optimiser": "pgd", "epsilon": 0.1, "steps": True}, "steps: expected a number, not true or false"),
        ({"optimiser": "pgd", "epsilon": 0.1, "steps": 0}, "steps: Input should be greater than or equal to 1"),
        ({"optimiser": "pgd", "epsilon": 0.1, "steps": 3, "step_size": float("inf")}, "step_size: "),
        ({"epsilon": 0.1}, "attacks.pgd.optimiser: missing"),
    ],
)
def test_wrong_attacks(tmp_path: Path, attack: dict[str, object], message: str) -> None:
    line = mistake(changed(tmp_path, attacks={"pgd": attack}, report={}))
    assert line.startswith("attacks.pgd") and message in line


@pytest.mark.parametrize(
    ("section", "content", "message"),
    [
        ("losses", {"triplet": {"kind": "tripplet"}}, "no such loss: tripplet (did you mean triplet?)"),
        (
            "losses",
            {"triplet": {"kind": "triplet", "margn": 0.1}},
            "margn: unknown key; triplet has the options margin",
        ),
        ("losses", {"triplet": {"kind": "triplet", "options": {"margin": "wide"}}}, "margin: "),
        ("losses", {"triplet": {"kind": "nothing:here"}}, "nothing:here: cannot be imported (ModuleNotFoundError"),
        ("miner", {"kind": "distance-weight"}, "did you mean distance-weighted?"),
        ("backbones", {"tiny": {"kind": "convnets"}}, "no such backbone: convnets (did you mean convnet?)"),
        (
            "backbones",
            {"tiny": {"kind": "resnet50", "widths": [3]}},
            "widths: unknown key; resnet50 has the options none",
        ),
        ("trainings", {"natural": {"method": "naturel"}}, "no such method: naturel (did you mean natural?)"),
        ("trainings", {"natural": {"method": "natural", "perturb": "anchor"}}, "perturb: unknown key"),
        ("trainings", {"robust": {"method": "robust", "perturb": "all"}}, "perturb: "),
        ("trainings", {"robust": {"method": "robust", "attack": {"optimiser": "square", "steps": 2}}}, "in training"),
        ("trainings", {"robust": {"method": "robust", "attack": {"epsilon": 8}}}, "write 8/255, not 8"),
        ("evaluation", {"metrics": ["recal"]}, "no such metric: recal (did you mean recall?)"),
        ("evaluation", {"metrics": ["r-precision"]}, "recall: missing"),
        ("evaluation", {"batch": 0}, "evaluation.batch: "),
    ],
)
def test_wrong_names_kinds_and_options(tmp_path: Path, section: str, content: object, message: str) -> None:
    line = mistake(changed(tmp_path, **{section: content}))
    assert line.startswith(section) and message in line


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "digts"}, "no such dataset: digts (did you mean digits?)"),
        ({"kind": "digits", "classes": 3}, "classes: unknown key; digits has the options none"),
        ({"kind": "digits", "split": "random-9"}, "digits has no split random-9; it has sorted, random-1"),
        ({"kind": "digits", "transform": {"size": 8, "resize": 4}}, "resize (4) must not be smaller than size (8)"),
        ({"kind": "digits", "losses": []}, "datasets.digits.losses"),
        ({"kind": "digits", "trainings": []}, "datasets.digits.trainings"),
        ({"kind": "digits", "validation": 2}, "datasets.digits.validation"),
    ],
)
def test_wrong_datasets(tmp_path: Path, change: dict[str, object], message: str) -> None:
    line = mistake(changed(tmp_path, datasets={"digits": {"backbone": "tiny", **change}}))
    assert line.startswith("datasets.digits") and message in line


def test_options_may_be_written_beside_the_keys_or_below_options(tmp_path: Path) -> None:
    flat = {"optimiser": "pgd", "epsilon": 0.1, "steps": 3, "restarts": 2}
    below = {"optimiser": "pgd", "epsilon": 0.1, "options": {"steps": 3, "restarts": 2}}
    found = [load_study(changed(tmp_path, attacks={"pgd": attack})).attacks["pgd"] for attack in (flat, below)]
    assert found[0] == found[1]
    assert (found[0].options.steps, found[0].options.restarts) == (3, 2)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    line = mistake(changed(tmp_path, seeds=[], name="A B", optimisation={"epochs": 0}))
    assert all(place in line for place in ("seeds: ", "name: ", "optimisation.epochs: "))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1", "not valid YAML"),
        ("- 1", "a study is a mapping"),
        ("1: 2", "a study is a mapping"),
        ("", "a study is a mapping"),
        ("name: a\nname: b", "duplicate key 'name'"),
        ("name: a\n? [1, 2]\n: b", "not valid YAML"),
    ],
)
def test_files_that_are_no_study(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(text)
    assert message in mistake(path)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_bytes(b"name: \xff\xfe")
    assert "not UTF-8 text (byte 6); save it as UTF-8" in mistake(path)


def test_a_missing_file(tmp_path: Path) -> None:
    assert "cannot read the study: No such file" in mistake(tmp_path / "none.yaml")


def test_scientific_notation_without_a_dot_is_a_number(tmp_path: Path) -> None:
    study = load_study(changed(tmp_path, optimisation={"learning_rate": "1e-3"}))
    assert study.optimisation.learning_rate == 1e-3


def test_a_radius_may_be_a_fraction(tmp_path: Path) -> None:
    attack = {"optimiser": "fgsm", "epsilon": ["8/255", 0.1]}
    assert load_study(changed(tmp_path, attacks={"pgd": attack})).attacks["pgd"].epsilon == [8 / 255, 0.1]
