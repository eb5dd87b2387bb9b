"""From stored embeddings to metrics, counts and a record per query."""

from __future__ import annotations

from dataclasses import replace
from importlib import invalidate_caches
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluation.tiny_study import MODEL, MakeStudy, Passes, checks, evaluate, result, stored, stored_path
from robust_dml.config import Study
from robust_dml.config.evaluation import result_labels
from robust_dml.config.paths import STATE, attack_folder
from robust_dml.evaluation.attack import attack_model
from robust_dml.evaluation.attacked import save_attacked
from robust_dml.evaluation.planned import attack_digests
from robust_dml.evaluation.score import score_model
from robust_dml.evaluation.target import load_target
from robust_dml.metrics import retrieval_metrics
from robust_dml.retrieval import rank
from robust_dml.runtime.files import read_json


def results(study: Study) -> dict[str, Any]:
    """All JSON files of the model, by name."""
    return {path.stem: read_json(path) for path in attack_folder(study.name, MODEL).glob("*.json")}


def share(values: list[bool], scored: list[bool]) -> float:
    return sum(v for v, s in zip(values, scored, strict=True) if s) / sum(scored)


@pytest.fixture
def study(make_study: MakeStudy) -> Study:
    study = make_study()
    evaluate(study)
    return study


def test_files(study: Study) -> None:
    folder = attack_folder(study.name, MODEL)
    scores = {*(f"{label}.json" for label in result_labels(study)), "checks.json", "run.json", "examples.npz"}
    assert {path.name for path in folder.iterdir()} == scores | {"embeddings"}
    assert not list(STATE.rglob("*.npz"))


def test_recall_can_be_recomputed_from_the_queries(study: Study) -> None:
    for label in result_labels(study):
        found = result(label)
        queries, metrics, counts = found["queries"], found["metrics"], found["counts"]
        assert {len(column) for column in queries.values()} == {counts["queries"]}
        right = share(queries["adversarial_right"], queries["scored"])
        released = share(queries["adversarial_right_as_released"], queries["scored"])
        assert metrics["masked"]["recall@1"] == pytest.approx(right, abs=1e-12)
        assert metrics["as-released"]["recall@1"] == pytest.approx(released, abs=1e-12)
        label_of = dict(zip(queries["id"], queries["label"], strict=True))
        right_by_neighbour = [
            label_of[near] == label
            for near, label in zip(queries["neighbour_adversarial"], queries["label"], strict=True)
        ]
        assert right_by_neighbour == queries["adversarial_right"]
        assert not set(zip(queries["id"], queries["neighbour_adversarial"], strict=True)) & {(i, i) for i in label_of}


def test_clean_result_is_the_metrics_of_the_embeddings(study: Study) -> None:
    target = load_target(study, MODEL)
    clean = result("clean")
    assert clean["metrics"]["masked"] == retrieval_metrics(target.queries, target.gallery)
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
    assert result["settings"]["attack"]["options"]["steps"] == 3
    assert len(result["model_sha256"]) == len(result["data_sha256"]) == 64
    assert {"torch", "numpy", "faiss-cpu"} <= set(result["versions"])
    times = results(study)["run"]["attacks"]
    assert {"fgsm-0.02", "pgd-0.02", "pgd-0.05", "pgd-0.05,as-released"} <= set(times)
    assert set(times) == set(attack_digests(study)) - {"clean", "clean,pass=again"}
    assert all(entry["queries_per_second"] > 0 for entry in times.values())


def test_scoring_runs_no_network(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {name: found for name, found in results(study).items() if name != "run"}  # which says when
    assert Passes(monkeypatch).of(lambda: score_model(study, MODEL)) == 0
    assert {name: found for name, found in results(study).items() if name != "run"} == before


def test_other_attacks_are_scored_as_released_with_queries_that_are_wrong_when_clean_left_alone(
    make_study: MakeStudy,
) -> None:
    attacks = {"apgd": {"optimiser": "apgd", "objective": "margin", "epsilon": 0.05, "steps": 3}}
    study = make_study(attacks=attacks, evaluation={"batch": 2000, "check_queries": 0}, report={"examples": 0})
    evaluate(study)
    queries = load_target(study, MODEL).queries
    moved = queries.embeddings.clone()
    for query, right in enumerate(rank(queries, queries).right.tolist()):
        if right:
            moved[query] = moved.new_tensor(stored("apgd-0.05").embeddings[query])
    expected = rank(queries.embedded_as(moved), queries, "as-released").right
    assert result("apgd-0.05")["queries"]["adversarial_right_as_released"] == expected.tolist()


@pytest.mark.parametrize("of", ["the study", "the attack"])
def test_the_released_attack_can_be_left_out(of: str, make_study: MakeStudy) -> None:
    pgd = {"optimiser": "pgd", "objective": "margin", "epsilon": 0.05, "steps": 3, "as_released": of != "the attack"}
    evaluation = {"batch": 2000, "check_queries": 0, "as_released": of != "the study"}
    study = make_study(attacks={"pgd": pgd}, evaluation=evaluation, report={"examples": 0})
    evaluate(study)
    assert list(attack_digests(study)) == ["clean", "pgd-0.05"]
    assert len(result("pgd-0.05")["queries"]["adversarial_right_as_released"]) > 0


def test_gallery_of_training_images(make_study: MakeStudy) -> None:
    study = make_study()
    dataset = study.datasets["digits"].model_copy(update={"gallery": "train", "split": "samples-1"})
    study = study.model_copy(update={"datasets": {"digits": dataset}})
    target = load_target(study, MODEL)
    assert not set(target.queries.ids.tolist()) & set(target.gallery.ids.tolist())
    evaluate(study)
    clean = result("clean")
    assert set(clean["queries"]["neighbour_clean"]) <= set(target.gallery.ids.tolist())
    assert clean["metrics"]["masked"] == clean["metrics"]["as-released"]


def test_clusters_when_asked_for(make_study: MakeStudy) -> None:
    evaluation = {"clusters": True, "check_queries": 0}
    evaluate(make_study(attacks={}, evaluation=evaluation, report={"examples": 1}))
    assert {"nmi", "ami"} <= set(result("clean")["metrics"]["masked"])


SMALL: dict[str, Any] = {
    "attacks": {
        "pgd": {"optimiser": "pgd", "objective": "margin", "epsilon": 0.05, "steps": 2},
        "worst": {"optimiser": "worst-case", "members": ["pgd"], "epsilon": 0.05},
    },
    "evaluation": {"batch": 500, "check_queries": 0, "as_released": False},
    "report": {"examples": 2},
}


def test_queries_that_are_not_finite_are_wrong_in_every_metric_and_in_the_worst_case(make_study: MakeStudy) -> None:
    study = make_study(**SMALL)
    evaluate(study)
    sound = result("pgd-0.05")
    broken = stored("pgd-0.05").embeddings.copy()
    wrong = [0, 5, *np.flatnonzero(sound["queries"]["adversarial_right"])[:4].tolist()]
    wrong = list(dict.fromkeys(wrong))
    broken[wrong, 0] = [np.nan, np.inf, *[np.nan] * (len(wrong) - 2)]
    save_attacked(stored_path("pgd-0.05"), replace(stored("pgd-0.05"), embeddings=broken))
    score_model(study, MODEL)
    for label in ("pgd-0.05", "worst-0.05"):
        found = result(label)
        assert found["counts"]["nan"] == len(wrong)
        for protocol in ("masked", "as-released"):
            metrics = found["metrics"][protocol]
            assert all(metrics[name] < value for name, value in sound["metrics"][protocol].items())
        for column in ("adversarial_right", "adversarial_right_as_released"):
            was = sound["queries"][column]
            assert found["queries"][column][wrong[0]] is False
            if label == "pgd-0.05" and column == "adversarial_right":
                assert found["queries"][column] == [right and n not in wrong for n, right in enumerate(was)]
        assert all(np.isfinite(found["queries"]["shift"]))
    finding = checks()["values that are not finite"]
    assert (finding["verdict"], finding["taints"]) == ("fail", ["pgd-0.05", "worst-0.05"])


def test_every_query_that_is_not_finite_leaves_nothing_of_any_metric(make_study: MakeStudy) -> None:
    study = make_study(**SMALL)
    attack_model(study, MODEL)
    none = np.full_like(stored("pgd-0.05").embeddings, np.nan)
    save_attacked(stored_path("pgd-0.05"), replace(stored("pgd-0.05"), embeddings=none))
    score_model(study, MODEL)
    for label in ("pgd-0.05", "worst-0.05"):
        assert set(result(label)["metrics"]["masked"].values()) == {0.0}


def test_a_metric_of_ones_own_is_one_more_row(make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    study = make_study(**SMALL)
    evaluate(study)
    Path("own_metric.py").write_text("def miss(ranking):\n    return 1 - ranking.hits[:, 0].double()\n")
    invalidate_caches()
    metrics = ["recall", "own_metric:miss"]
    more = make_study(**{**SMALL, "evaluation": {**SMALL["evaluation"], "metrics": metrics}})
    assert Passes(monkeypatch).of(lambda: score_model(more, MODEL)) == 0
    found = result("pgd-0.05")["metrics"]["masked"]
    assert list(found) == ["recall@1", "recall@2", "recall@4", "recall@8", "miss"]
    assert found["miss"] == pytest.approx(1 - found["recall@1"])
