"""Which jobs run again after which change: no more than what depends on it, and no less."""

import shutil
from pathlib import Path

import pytest
import yaml

from checkout import run_snakemake
from robust_dml.evaluation.attacked import read_header
from workflow.test_study import RESULTS, change_study, planned

SOURCES = "src/robust_dml"
REPORT = {"make_tables", "plot_figures", "check_claims", "render_page", "run_notebook"}
SCORING = {"score_model", "collect_metrics", "nest_metrics"} | REPORT
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


@pytest.mark.parametrize(
    "file",
    [
        *("attacks/optimisers/pgd.py", "attacks/optimisers/square.py", "training/loop.py", "evaluation/attack.py"),
        *("evaluation/score.py", "config/study.py", "runtime/files.py", "data/store/build.py", "report/cells.py"),
    ],
)
def test_a_comment_and_a_docstring_rerun_nothing(checkout: Path, file: str) -> None:
    path = checkout / SOURCES / file
    text = path.read_text()
    path.write_text(text.replace('"""', '"""Other words. ', 1) + "\n# a comment\n")
    assert rules(checkout) == set()


def test_a_new_file_in_any_folder_reruns_nothing(checkout: Path) -> None:
    folders = [path for path in (checkout / SOURCES).rglob("*") if path.is_dir() and path.name != "__pycache__"]
    for folder in folders:
        if not folder.is_relative_to(checkout / SOURCES / "report"):
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
    edit(checkout, "attacks/optimisers/pgd.py", "best = Best(images)\n", "best = Best(images + 0)\n")
    assert planned(checkout)["train_model"] == 1
    assert rules(checkout) == TRAINING


def test_code_of_square_reruns_nothing_in_a_study_without_it(checkout: Path) -> None:
    edit(checkout, "attacks/optimisers/square.py", "best = Best(images)\n", "best = Best(images + 0)\n")
    assert rules(checkout) == set()


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("training/adam.py", "EPSILON = 1e-8", "EPSILON = 2e-8", TRAINING),
        ("evaluation/batches.py", "NORM_TOLERANCE = 1e-6", "NORM_TOLERANCE = 2e-6", ATTACKING),
        ("evaluation/score.py", "COLLAPSE = 1e-6", "COLLAPSE = 2e-6", SCORING),
        ("metrics/map_at_r.py", "within.sum(1) /", "1 * within.sum(1) /", SCORING),
        ("evaluation/checks/more_steps.py", "order=40", "order=41", SCORING),
        ("report/tables/main.py", "order=", "order=1 + ", REPORT),
    ],
)
def test_code_reruns_what_uses_it(checkout: Path, file: str, old: str, new: str, expected: set[str]) -> None:
    edit(checkout, file, old, new)
    found = rules(checkout)
    assert found and found <= expected
    assert found & (expected - SCORING if expected - SCORING else expected - REPORT or expected)


@pytest.mark.parametrize(
    "sections",
    [
        {"device": "auto"},
        {"evaluation": {"block": 64}},
        {"optimisation": {"epochs": 2, "learning_rate": 1.0e-3, "workers": 2}},
        {"optimisation": {"epochs": 2, "learning_rate": 1.0e-3, "validate_every": 2}},
    ],
)
def test_what_changes_no_result_reruns_the_report_at_most(checkout: Path, sections: dict[str, object]) -> None:
    change(checkout, **sections)
    assert rules(checkout) <= REPORT


def test_an_attack_removed_or_renamed_attacks_nothing(checkout: Path) -> None:
    change_study(checkout, "  fgsm: {optimiser: fgsm, objective: repel-positive, norm: linf, epsilon: 0.1}\n", "")
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


@pytest.mark.parametrize("section", [{"robust": "natural"}, {"natural": "robust-anchor"}])
def test_what_the_report_singles_out_redraws_it_alone(checkout: Path, section: dict[str, str]) -> None:
    change(checkout, report=section)
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


def test_one_radius_more_attacks_with_it_alone(checkout: Path) -> None:
    folder = checkout / RESULTS / "attacks/digits/triplet/natural/seed0"
    before = {path.name: read_header(path) for path in folder.glob("*.npz") if path.name != "examples.npz"}
    change_study(checkout, "epsilon: 0.1, steps: 3}", "epsilon: [0.1, 0.2], steps: 3}")
    assert rules(checkout) == ATTACKING
    run = run_snakemake(checkout)
    assert run.returncode == 0, run.stdout + run.stderr
    after = {path.name: read_header(path) for path in folder.glob("*.npz") if path.name != "examples.npz"}
    assert set(after) - set(before) == {"pgd-0.2.npz", "pgd-0.2,as-released.npz"}
    assert {name: after[name] for name in before} == before  # the very results of before, their seconds included
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
