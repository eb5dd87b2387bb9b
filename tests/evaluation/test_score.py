"""The evaluation of a model, from its files."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from evaluation.conftest import MODEL, MakeStudy
from robust_dml.config import Study
from robust_dml.config.paths import STATE, attack_folder, model_folder
from robust_dml.evaluation import evaluate
from robust_dml.evaluation.target import Subject, load_subject
from robust_dml.metrics import retrieval_metrics
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.files import read_json


def results(study: Study) -> dict[str, Any]:
    """All JSON files of the model, by name."""
    return {path.stem: read_json(path) for path in attack_folder(study.name, MODEL).glob("*.json")}


def share(values: list[bool], scored: list[bool]) -> float:
    return sum(v for v, s in zip(values, scored, strict=True) if s) / sum(scored)


@pytest.fixture
def study(make_study: MakeStudy) -> Study:
    study = make_study()
    evaluate(study, MODEL)
    return study


def test_files(study: Study) -> None:
    folder = attack_folder(study.name, MODEL)
    names = {*(f"{name}.json" for name in study.attack_names()), "checks.json", "run.json", "examples.npz"}
    assert {path.name for path in folder.iterdir()} == names
    assert not list(STATE.rglob("*.npz"))


def test_recall_can_be_recomputed_from_the_queries(study: Study) -> None:
    for name, result in results(study).items():
        if name in ("checks", "run"):
            continue
        queries, metrics, counts = result["queries"], result["metrics"], result["counts"]
        assert {len(column) for column in queries.values()} == {counts["queries"]}
        right = share(queries["adversarial_right"], queries["scored"])
        released = share(queries["adversarial_right_as_released"], queries["scored"])
        assert metrics["masked"]["recall@1"] == pytest.approx(right, abs=1e-12)
        assert metrics["as-released"]["recall@1"] == pytest.approx(released, abs=1e-12)
        label_of = dict(zip(queries["id"], queries["label"], strict=True))
        found = [
            label_of[near] == label
            for near, label in zip(queries["neighbour_adversarial"], queries["label"], strict=True)
        ]
        assert found == queries["adversarial_right"]
        assert not set(zip(queries["id"], queries["neighbour_adversarial"], strict=True)) & {(i, i) for i in label_of}


def test_clean_result_is_the_metrics_of_the_embeddings(study: Study) -> None:
    subject: Subject = load_subject(study, MODEL)
    images = subject.queries
    expected = retrieval_metrics(
        images.embeddings, images.labels, images.embeddings, images.labels, query_ids=images.ids, gallery_ids=images.ids
    )
    clean = results(study)["clean"]
    assert clean["metrics"]["masked"] == expected
    assert (clean["attack"], clean["epsilon"], clean["steps"]) == ("none", 0.0, 0)
    assert set(clean["queries"]["norm"]) == set(clean["queries"]["shift"]) == {0.0}


def test_attacks_stay_in_their_ball_and_get_stronger(study: Study) -> None:
    found = results(study)
    for name in ("fgsm-0.02", "pgd-0.02", "pgd-0.05"):
        norms = found[name]["queries"]["norm"]
        assert 0 < max(norms) <= found[name]["epsilon"] + 1e-6
    recalls = [found[name]["metrics"]["masked"]["recall@1"] for name in ("clean", "fgsm-0.02", "pgd-0.02", "pgd-0.05")]
    assert recalls[0] > recalls[1] and recalls[0] > recalls[2] > recalls[3]


def test_result_says_what_made_it(study: Study) -> None:
    result = results(study)["pgd-0.05"]
    what = [result[key] for key in ("dataset", "backbone", "loss", "training", "seed", "attack", "norm", "objective")]
    assert what == ["digits", "small", "triplet", "natural", 0, "pgd", "linf", "margin"]
    assert (result["epsilon"], result["steps"]) == (0.05, 3)
    assert result["settings"]["attack"]["steps"] == 3
    assert len(result["model_sha256"]) == len(result["data_sha256"]) == 64
    assert {"torch", "numpy", "faiss-cpu"} <= set(result["versions"])
    times = results(study)["run"]["attacks"]
    assert set(times) == {"fgsm-0.02", "pgd-0.02", "pgd-0.05"}
    assert all(entry["queries_per_second"] > 0 for entry in times.values())


def test_examples(study: Study) -> None:
    with np.load(attack_folder(study.name, MODEL) / "examples.npz", allow_pickle=False) as stored:
        arrays = dict(stored)
    queries = results(study)["pgd-0.05"]["queries"]
    places = [queries["id"].index(i) for i in arrays["id"]]
    assert len(places) == 4
    assert places == [0, *places[1:3], len(queries["id"]) - 1]  # spread over all queries, alike for every model
    assert arrays["label"].tolist() == [queries["label"][place] for place in places]
    shift = np.abs(arrays["adversarial"] - arrays["clean"] / np.float32(255)).reshape(4, -1).max(1)
    assert shift.tolist() == pytest.approx([queries["norm"][place] for place in places], abs=1e-6)
    assert arrays["neighbours_clean"][:, 0].tolist() == [queries["neighbour_clean"][place] for place in places]
    assert arrays["neighbours_adversarial"][:, 0].tolist() == [queries["neighbour_adversarial"][p] for p in places]
    shown = set(arrays["neighbours_clean"].flatten()) | set(arrays["neighbours_adversarial"].flatten())
    assert shown == set(arrays["neighbour_ids"])
    assert arrays["neighbour_images"].shape == (len(shown), 3, 8, 8) and arrays["neighbour_images"].dtype == np.uint8
    moved = [queries["id"].index(i) for i in arrays["embedding_id"]]
    shifts = np.linalg.norm(arrays["embedding_adversarial"] - arrays["embedding_clean"], axis=1)
    assert shifts.tolist() == pytest.approx([queries["shift"][place] for place in moved], abs=1e-6)


def test_every_optimiser_objective_and_norm(make_study: MakeStudy) -> None:
    attacks = {
        "r-fgsm": {"optimiser": "r-fgsm", "objective": "repel-self", "epsilon": 0.05},
        "pgd-l2": {"optimiser": "pgd", "objective": "attract-negative", "norm": "l2", "epsilon": 0.5, "steps": 2},
        "apgd": {"optimiser": "apgd", "objective": "margin", "epsilon": 0.05, "steps": 3},
        "cw": {"optimiser": "carlini-wagner", "objective": "margin", "norm": "l2", "epsilon": 0.5, "steps": 2},
        "square": {"optimiser": "square", "objective": "margin", "epsilon": 0.05, "steps": 3},
        "noise": {"optimiser": "noise", "objective": "margin", "epsilon": 0.05},
        "transfer": {"optimiser": "transfer", "source": "other", "epsilon": 0.05, "steps": 2},
    }
    study = make_study(attacks=attacks, report={"examples": 0}, evaluation={"batch": 1000, "as_released": False})
    evaluate(study, MODEL)
    found = results(study)
    clean = found["clean"]["metrics"]["masked"]["recall@1"]
    for name in study.attack_names()[1:]:
        assert found[name]["metrics"]["masked"]["recall@1"] < clean + 0.02, name
    strongest = min(found[name]["metrics"]["masked"]["recall@1"] for name in ("apgd-0.05", "cw-0.5"))
    assert strongest < found["noise-0.05"]["metrics"]["masked"]["recall@1"] - 0.1


def test_stop_when_broken_gives_the_same_recall(make_study: MakeStudy) -> None:
    attacks = {"pgd": {"optimiser": "pgd", "objective": "margin", "epsilon": 0.03, "steps": 4, "restarts": 2}}
    recalls = []
    for stop in (False, True):
        settings = {"batch": 500, "stop_when_broken": stop, "check_queries": 0, "as_released": False}
        study = make_study(attacks=attacks, evaluation=settings, report={"examples": 0})
        evaluate(study, MODEL)
        recalls.append(results(study)["pgd-0.03"]["metrics"]["masked"]["recall@1"])
    assert recalls[0] == pytest.approx(recalls[1], abs=0.003)


def test_gallery_of_training_images(make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    study = make_study()
    dataset = study.datasets["digits"].model_copy(update={"gallery": "train", "split": "samples-1"})
    study = study.model_copy(update={"datasets": {"digits": dataset}})
    subject = load_subject(study, MODEL)
    assert not set(subject.queries.ids.tolist()) & set(subject.gallery.ids.tolist())
    evaluate(study, MODEL)
    clean = results(study)["clean"]
    assert set(clean["queries"]["neighbour_clean"]) <= set(subject.gallery.ids.tolist())
    assert clean["metrics"]["masked"] == clean["metrics"]["as-released"]


def test_clusters_when_asked_for(make_study: MakeStudy) -> None:
    evaluation = {"clusters": True, "check_queries": 0}
    study = make_study(attacks={}, evaluation=evaluation, report={"examples": 1})
    evaluate(study, MODEL)
    assert {"nmi", "ami"} <= set(results(study)["clean"]["metrics"]["masked"])


def test_a_missing_model_is_one_line(make_study: MakeStudy) -> None:
    study = make_study()
    (model_folder(study.name, MODEL) / "model.safetensors").unlink()
    with pytest.raises(UserError, match="no such model; run `robust-dml train`"):
        evaluate(study, MODEL)


def test_a_model_of_another_backbone_is_one_line(make_study: MakeStudy) -> None:
    study = make_study()
    other = study.backbones["small"].model_copy(update={"embedding": 16})
    with pytest.raises(UserError, match="does not fit the backbone"):
        evaluate(study.model_copy(update={"backbones": {"small": other}}), MODEL)


def test_members_of_a_worst_case_share_its_norm(make_study: MakeStudy) -> None:
    attacks = {
        "pgd": {"optimiser": "pgd", "norm": "l2", "epsilon": 0.5, "steps": 2},
        "worst": {"optimiser": "worst-case", "epsilon": 0.5, "members": ["pgd"]},
    }
    study = make_study(attacks=attacks, report={})
    with pytest.raises(UserError, match="another norm"):
        evaluate(study, MODEL)


def test_torch_threads_and_modes_are_left_alone(make_study: MakeStudy) -> None:
    before = torch.get_num_threads(), torch.backends.cudnn.allow_tf32, torch.backends.cudnn.benchmark
    evaluate(make_study(attacks={}, report={"examples": 0}), MODEL)
    assert before == (torch.get_num_threads(), torch.backends.cudnn.allow_tf32, torch.backends.cudnn.benchmark)
