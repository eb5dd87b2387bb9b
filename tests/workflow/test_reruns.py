"""Which jobs run again after which change: no more than what depends on it, and no less."""

import shutil
from pathlib import Path

import pytest
import yaml

from checkout import run_snakemake
from robust_dml.evaluation.origin import read_header
from workflow.test_study import RESULTS, change_study, planned

SOURCES = "src/robust_dml"
REPORT = {"make_tables", "plot_figures", "check_claims", "render_page", "run_notebook", "write_headlines"}
SCORING = {"score_model", "collect_metrics"} | REPORT
ATTACKING = {"attack_model"} | SCORING
TRAINING = {"train_model"} | ATTACKING


def rules(folder: Path) -> set[str]:
    """The rules that a dry run would start."""
    return set(planned(folder)) - {"all", "report", "models", "attacks", "data"}


def edit(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / SOURCES / file
    text = path.read_text()
    assert old in text, (file, old)
    path.write_text(text.replace(old, new, 1))


def change(folder: Path, **sections: object) -> None:
    """Replace keys of config/ci.yaml; a mapping updates the section of its name."""
    path = folder / "config" / "ci.yaml"
    content = yaml.safe_load(path.read_text())
    for name, section in sections.items():
        content[name] = {**content.get(name, {}), **section} if isinstance(section, dict) else section
    path.write_text(yaml.safe_dump(content, sort_keys=False))


def test_comments_and_docstrings_in_all_sources_rerun_nothing(checkout: Path) -> None:
    for path in (checkout / SOURCES).rglob("*.py"):
        text = path.read_text()
        path.write_text(text.replace('"""', '"""Other words. ', 1) + "\n# a comment\n")
    assert rules(checkout) == set()


def test_a_new_file_in_every_folder_reruns_nothing(checkout: Path) -> None:
    folders = [path for path in (checkout / SOURCES).rglob("*") if path.is_dir() and path.name != "__pycache__"]
    for folder in folders:
        (folder / "entirely_new.py").write_text("VALUE = 1\n")
    square = checkout / SOURCES / "attacks/optimisers/square.py"
    shutil.copy(square, square.with_name("cube.py"))
    assert rules(checkout) == set()


def test_a_commit_reruns_nothing(checkout: Path) -> None:
    from repository import commit, make_repository

    make_repository(checkout)
    commit(checkout)
    assert rules(checkout) == set()


def test_code_of_pgd_reruns_robust_training_and_what_pgd_attacks(checkout: Path) -> None:
    edit(checkout, "attacks/optimisers/pgd.py", "best, goal = Best(images),", "best, goal = Best(images + 0),")
    assert planned(checkout)["train_model"] == 1
    assert rules(checkout) == TRAINING


def test_code_of_square_reruns_nothing_in_a_study_without_it(checkout: Path) -> None:
    edit(checkout, "attacks/optimisers/square.py", "best, goal = Best(images),", "best, goal = Best(images + 0),")
    assert rules(checkout) == set()


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("training/adam.py", "EPSILON = 1e-8", "EPSILON = 2e-8", TRAINING),
        ("evaluation/batches.py", "NORM_TOLERANCE = 1e-6", "NORM_TOLERANCE = 2e-6", ATTACKING),
        ("evaluation/score.py", "COLLAPSE = 1e-6", "COLLAPSE = 2e-6", SCORING),
        ("metrics/map_at_r.py", "return {", "return 1 and {", SCORING),
        ("evaluation/checks/more_steps.py", "order=40", "order=41", SCORING),
        ("report/tables/main.py", "order=", "order=1 + ", REPORT),
    ],
)
def test_code_reruns_what_uses_it(checkout: Path, file: str, old: str, new: str, expected: set[str]) -> None:
    edit(checkout, file, old, new)
    found = rules(checkout)
    assert found and found <= expected
    assert found & (expected - SCORING if expected - SCORING else expected - REPORT or expected)


def test_what_changes_no_result_reruns_the_report_at_most(checkout: Path) -> None:
    optimisation = {"epochs": 2, "learning_rate": 1.0e-3, "workers": 2, "validate_every": 2}
    change(checkout, device="auto", evaluation={"block": 64}, optimisation=optimisation)
    assert rules(checkout) <= REPORT


@pytest.mark.parametrize(
    "new", ["", "  quick: {optimiser: fgsm, objective: repel-positive, norm: linf, epsilon: 0.1}\n"]
)
def test_an_attack_removed_or_renamed_attacks_nothing(checkout: Path, new: str) -> None:
    change_study(checkout, "  fgsm: {optimiser: fgsm, objective: repel-positive, norm: linf, epsilon: 0.1}\n", new)
    assert rules(checkout) <= SCORING


@pytest.mark.parametrize(
    "sections",
    [{"report": {"headline": "fgsm-0.1"}}, {"report": {"examples": 25}}, {"evaluation": {"metrics": ["recall"]}}],
)
def test_headline_examples_and_metrics_are_scored_again_without_an_attack(
    checkout: Path, sections: dict[str, object]
) -> None:
    change(checkout, **sections)
    assert planned(checkout)["score_model"] == 2
    assert rules(checkout) <= SCORING


def test_what_the_report_singles_out_redraws_it_alone(checkout: Path) -> None:
    change(checkout, report={"robust": "natural"})
    assert {"make_tables", "check_claims", "render_page"} <= rules(checkout) <= REPORT


def test_the_headline_decides_whose_images_the_examples_show(checkout: Path) -> None:
    import numpy as np

    path = checkout / RESULTS / "attacks/digits/triplet/natural/seed0/examples.npz"
    before = np.load(path)["adversarial"]
    change(checkout, report={"headline": "fgsm-0.1"})
    run = run_snakemake(checkout)
    assert run.returncode == 0, run.stdout + run.stderr
    assert not np.array_equal(np.load(path)["adversarial"], before)
    assert planned(checkout) == {}


def stored(folder: Path) -> dict[str, object]:
    """How each stored result of the natural model says it was made, its seconds included."""
    place = folder / RESULTS / "attacks/digits/triplet/natural/seed0/embeddings"
    return {path.name: read_header(path) for path in place.iterdir()}


def test_one_radius_more_attacks_with_it_alone(checkout: Path) -> None:
    before = stored(checkout)
    change_study(checkout, "epsilon: 0.1, steps: 3}", "epsilon: [0.1, 0.2], steps: 3}")
    assert rules(checkout) == ATTACKING
    run = run_snakemake(checkout)
    assert run.returncode == 0, run.stdout + run.stderr
    after = stored(checkout)
    new = sorted(after[name].label for name in set(after) - set(before))  # type: ignore[attr-defined]
    assert new == ["pgd-0.2", "pgd-0.2,as-released"]
    assert {name: after[name] for name in before} == before
    assert planned(checkout) == {}


def test_an_edited_network_of_the_user_reruns_what_uses_it(checkout: Path) -> None:
    module = checkout / "config" / "mine.py"
    module.write_text(
        "from torch import nn\n\n\ndef build(embedding):\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, embedding))\n"
    )
    change(checkout, backbones={"tiny": {"kind": "mine:build", "embedding": 16}})
    run = run_snakemake(checkout, "models")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "train_model" not in rules(checkout)
    module.write_text(module.read_text().replace("nn.Flatten(),", "nn.Flatten(), nn.Identity(),"))
    assert planned(checkout)["train_model"] == 2
