"""A study whose every part is the user's own, run by a Snakefile of the user's own, with the package read-only."""

import csv
from pathlib import Path

import pytest
import yaml

from checkout import copy_checkout, run_snakemake

MINE = '''
"""Own parts of a study."""

import numpy as np
import torch
from PIL import Image


def spots(folder, images: int = 24):
    """Four classes of coloured noise."""
    for label in range(4):
        (folder / f"class-{label}").mkdir()
        for number in range(images):
            draw = np.random.default_rng([label, number]).normal(60 * label, 25, (8, 8, 3))
            pixels = np.clip(draw, 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / f"class-{label}" / f"{number:03d}.png")


def flat(embedding):
    """A linear network."""
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 8 * 8, embedding))


class Softplus:
    """Softplus of the difference of distances."""

    def __init__(self, scale: float = 1.0):
        self.scale = scale

    def __call__(self, embeddings, labels, triplets):
        a, p, n = (embeddings[rows] for rows in triplets)
        return torch.nn.functional.softplus(self.scale * ((a - p).norm(dim=1) - (a - n).norm(dim=1))).mean()


class FirstOfEach:
    """The first other image of the class and the first of another class."""

    def __call__(self, embeddings, labels, generator):
        from robust_dml.miners import Triplets

        same = labels[:, None] == labels
        others = same & ~torch.eye(len(labels), dtype=torch.bool)
        return Triplets(torch.arange(len(labels)), others.int().argmax(1), (~same).int().argmax(1))


def shaken(step, size: float = 0.02):
    """Natural training on images with noise."""
    noise = size * (2 * torch.rand(step.images.shape, generator=step.generator("shaken")) - 1)
    embeddings = step.embed((step.images + noise).clamp(0, 1))
    return step.loss(embeddings, step.labels, step.mine(embeddings))


def one_sign(problem, share: float = 1.0):
    """Add the same amount to all pixels."""
    moved = problem.images + share * problem.ball.epsilon
    return problem.ball.project(moved, problem.images)


def away(queries, gallery):
    """The distance from the clean query."""
    from robust_dml.attacks.objectives import repel

    return repel(queries.embeddings)


def second(ranking):
    """Whether the second neighbour is right."""
    return ranking.hits[:, 1].double()
'''


def study() -> dict[str, object]:
    return {
        "name": "own",
        "device": "cpu",
        "datasets": {
            "spots": {
                "kind": "mine:spots",
                "images": 20,
                "transform": {"size": 8, "resize": 8, "train_side": 8, "flip": 0.0},
                "backbone": "flat",
            }
        },
        "backbones": {"flat": {"kind": "mine:flat", "embedding": 4}},
        "losses": {"own": {"kind": "mine:Softplus", "options": {"scale": 2.0}}},
        "miner": {"kind": "mine:FirstOfEach"},
        "optimisation": {"epochs": 1, "classes_per_batch": 2, "samples_per_class": 4, "learning_rate": 0.001},
        "trainings": {"natural": {"method": "natural"}, "shaken": {"method": "mine:shaken", "size": 0.05}},
        "attacks": {"sign": {"optimiser": "mine:one_sign", "objective": "mine:away", "epsilon": "8/255", "share": 0.5}},
        "evaluation": {"metrics": ["recall", "mine:second"]},
        "report": {"headline": f"sign-{8 / 255:g}"},
    }


SNAKEFILE = """
module robust_dml:
    snakefile:
        "{checkout}/workflow/Snakefile"
    config:
        {{"study": "studies/own.yaml"}}


use rule * from robust_dml as dml_*


rule mine:
    default_target: True
    input:
        rules.dml_render_page.output,
        rules.dml_attacks.input,
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a study, its parts, and a Snakefile that uses a read-only checkout beside it as a module."""
    (tmp_path / "checkout").mkdir()
    (tmp_path / "mine/studies").mkdir(parents=True)
    checkout, folder = copy_checkout(tmp_path / "checkout"), tmp_path / "mine"
    for path in checkout.rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    (folder / "Snakefile").write_text(SNAKEFILE.format(checkout=checkout))
    (folder / "studies/own.yaml").write_text(yaml.safe_dump(study(), sort_keys=False))
    (folder / "studies/mine.py").write_text(MINE)
    return folder


def test_every_part_of_a_study_may_be_the_users_own_and_so_may_the_snakefile(folder: Path) -> None:
    run = run_snakemake(folder, study=None)
    assert run.returncode == 0, run.stdout + run.stderr
    rows = list(csv.DictReader((folder / "results/own/metrics.csv").read_text().splitlines()))
    assert {row["metric"] for row in rows} == {"recall@1", "recall@2", "recall@4", "recall@8", "second"}
    assert {row["training"] for row in rows} == {"natural", "shaken"}
    assert (folder / "results/own/report.html").exists()
    dry = run_snakemake(folder, "--dry-run", study=None)
    assert "Nothing to be done" in dry.stdout + dry.stderr
    module = folder / "studies/mine.py"
    module.write_text(module.read_text().replace("generator=step", "dtype=torch.float32, generator=step"))
    again = run_snakemake(folder, "--dry-run", "--quiet", "rules", study=None)
    assert "dml_train_model" in again.stdout + again.stderr
