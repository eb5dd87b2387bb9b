"""Numbers that are not finite, embeddings that are all equal, classes of one image: counted, and never flattering."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from attacks.networks import images, small
from faults.pipeline import ATTACKS, FILE, MODEL, MODELS, OTHER, names_of, write_study
from robust_dml.attacks.balls import LinfBall
from robust_dml.attacks.objectives import attract, margin, repel
from robust_dml.attacks.problem import Problem
from robust_dml.cli.main import main
from robust_dml.config import load_study
from robust_dml.config.attacks import AttackConfig
from robust_dml.config.evaluation import attacks_of
from robust_dml.data import open_dataset
from robust_dml.evaluation.attacked import Attacked, load_attacked, save_attacked
from robust_dml.evaluation.batches import AttackBatch, attack_batch
from robust_dml.evaluation.target import load_target
from robust_dml.records import OPTIMISERS
from robust_dml.retrieval import Items, rank
from robust_dml.runtime.errors import UserError


def change_stored(change: Callable[[Attacked], Attacked], *labels: str) -> None:
    """Write stored results with other embeddings, as a model would leave them; all results if none is named."""
    for path in (ATTACKS / "embeddings").iterdir():
        attacked = load_attacked(path)
        if not labels or attacked.origin.label in labels:
            save_attacked(path, change(attacked))


def score(label: str) -> dict[str, object]:
    """Return the scores of an attack; it is scored again."""
    assert main(["score", FILE, *names_of(MODEL)]) == 0
    found: dict[str, object] = json.loads((ATTACKS / f"{label}.json").read_text())
    return found


def finding(title: str) -> dict[str, object]:
    """Return what a check found."""
    checks = json.loads((ATTACKS / "checks.json").read_text())["checks"]
    found: dict[str, object] = next(check for check in checks if check["check"] == title)
    return found


OBJECTIVES_AT = {
    "repel": lambda queries, gallery: repel(queries.embeddings.flip(0)),
    "attract": lambda queries, gallery: attract(queries.embeddings.flip(0)),
    "margin": margin,
}


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("stop", [False, True])
@pytest.mark.parametrize("objective", OBJECTIVES_AT)
@pytest.mark.parametrize("name", ["fgsm", "r-fgsm", "pgd", "apgd", "carlini-wagner", "square"])
def test_a_network_that_fails_only_where_sign_steps_lead_is_broken(
    name: str, objective: str, stop: bool, value: float
) -> None:
    model, x = small(dtype=torch.float32), images(dtype=torch.float32)

    def embed(batch: Tensor) -> Tensor:
        corner = ((batch - x[rows_of(batch, x)]).abs() > 0.049).flatten(1).double().mean(1) > 0.3
        return torch.where(corner[:, None], value, model(batch))

    clean = Items(model(x).detach(), torch.tensor([0, 0, 1, 1, 2, 2]), torch.arange(6))
    options = {k: v for k, v in {"steps": 8}.items() if k in OPTIMISERS.load(name).options.model_fields}
    attack = AttackConfig(optimiser=name, epsilon=[0.05], options=options)
    build = OBJECTIVES_AT[objective]
    found = attack.record.attack(
        Problem(
            embed=embed,
            images=x,
            objective=build(clean, clean),
            ball=LinfBall(0.05),
            seeds=torch.arange(6),
            until=margin(clean, clean) if stop else None,
        ),
        attack.options,
    )
    broken = ~torch.isfinite(embed(found)).all(1) | (margin(clean, clean)(model(found)) > 0)
    assert broken.all()


def rows_of(batch: Tensor, x: Tensor) -> Tensor:
    """Return the row of `x` that each perturbed image was made from."""
    return torch.cdist(batch.flatten(1), x.flatten(1)).argmin(1)


def test_a_transfer_that_fails_on_its_source_counts_as_broken(damaged: Path) -> None:
    attack = {"optimiser": "transfer", "source": "robust-anchor", "epsilon": 0.1, "steps": 2}
    write_study(damaged, attacks={"transfer": attack}, report={})
    study = load_study(Path(FILE))
    target, source = load_target(study, MODEL), load_target(study, OTHER)
    (at,) = attacks_of(study)

    def failing(pixels: Tensor) -> Tensor:
        corner = (pixels - target.images(np.arange(len(pixels)))).abs().amax((1, 2, 3)) > 0.09
        return torch.where(corner[:, None], torch.nan, source.embed(pixels))

    batch = AttackBatch(target, replace(source, embed=failing), at, False, np.arange(0))
    found = attack_batch(batch, np.arange(50))
    assert np.isnan(found.embeddings).all(1).sum() > 40


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_an_attack_whose_embeddings_are_not_finite_counts_as_broken(damaged: Path, value: float) -> None:
    before = json.loads((ATTACKS / "pgd-0.1.json").read_text())["queries"]["adversarial_right"]

    def fail(attacked: Attacked) -> Attacked:
        embeddings = attacked.embeddings.copy()
        embeddings[100:300, 0] = value
        return replace(attacked, embeddings=embeddings)

    change_stored(fail, "pgd-0.1")
    found = score("pgd-0.1")
    right = [False if 100 <= row < 300 else was for row, was in enumerate(before)]
    assert found["queries"]["adversarial_right"] == right  # type: ignore[index]
    assert found["metrics"]["masked"]["recall@1"] == pytest.approx(np.mean(right))  # type: ignore[index]
    assert found["counts"]["nan"] == 200  # type: ignore[index]
    assert finding("values that are not finite")["taints"] == ["pgd-0.1"]


def test_clean_embeddings_that_are_all_equal_are_flagged_in_the_clean_column(damaged: Path) -> None:
    change_stored(lambda attacked: replace(attacked, embeddings=np.ones_like(attacked.embeddings)))
    found = score("clean")
    assert found["counts"]["collapsed"] == found["counts"]["scored"]  # type: ignore[index]
    check = finding("collapsed embeddings")
    assert check["verdict"] == "fail"
    assert "clean" in check["taints"]  # type: ignore[operator]


@pytest.mark.parametrize("rate", [1.0e6, 1.0e30])
def test_a_training_that_diverges_says_so(damaged: Path, capsys: pytest.CaptureFixture[str], rate: float) -> None:
    write_study(damaged, optimisation={"epochs": 2, "learning_rate": rate})
    shutil.rmtree(MODELS)
    status = main(["train", FILE, *names_of(MODEL)])
    output = capsys.readouterr().err
    if status == 0:
        record = json.loads((MODELS / "run.json").read_text())
        assert record["collapsed"] or record["diverged"]
        assert "warning: digits/triplet/natural/seed0: " in output
    else:
        assert "not finite" in output or "no finite loss" in output
        assert not (MODELS / "model.safetensors").exists()


def test_a_query_without_a_positive_is_not_scored() -> None:
    embeddings = torch.tensor([[0.0, 0.0], [0.1, 0.0], [5.0, 0.0], [0.2, 0.0]])
    items = Items(embeddings, torch.tensor([0, 0, 1, 2]), torch.arange(4))
    ranking = rank(items, items)
    assert ranking.scored.tolist() == [True, True, False, False]
    assert ranking.right[ranking.scored].double().mean() == 1


@pytest.mark.parametrize("gallery", ["test", "train"])
def test_a_gallery_with_nothing_to_find_is_refused(damaged: Path, gallery: str) -> None:
    study = load_study(Path(FILE))
    dataset = open_dataset(study.datasets["digits"], study.data_root)
    dataset.index = replace(dataset.index, labels=np.arange(len(dataset.index)))
    dataset.config = dataset.config.model_copy(update={"gallery": gallery})
    with pytest.raises(UserError, match="none of 896 queries has another image of its class in the gallery"):
        dataset.queries_and_gallery()


def test_a_class_of_one_image_beside_others_is_taken(damaged: Path) -> None:
    study = load_study(Path(FILE))
    dataset = open_dataset(study.datasets["digits"], study.data_root)
    labels = dataset.index.labels.copy()
    labels[-1] = labels.max() + 1
    dataset.index = replace(dataset.index, labels=labels)
    queries, gallery = dataset.queries_and_gallery()
    assert queries is gallery and len(queries) == 896
