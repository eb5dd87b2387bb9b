"""A study whose queries, gallery and ignored items are listed, against loops over the stored embeddings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from evaluation.tiny_study import STUDY, MakeStudy
from miniatures import CSV_HEAD, write_csv
from robust_dml.config import Run, Study
from robust_dml.config.paths import attack_folder, attacked_path
from robust_dml.data.index.build import build_index
from robust_dml.data.store.build import build_store
from robust_dml.evaluation.attack import attack_model
from robust_dml.evaluation.attacked import Attacked, load_attacked
from robust_dml.evaluation.planned import attack_digests
from robust_dml.evaluation.score import Evaluation, score_model
from robust_dml.runtime.files import read_json

MODEL = Run("people", "triplet", "natural", 0)
PEOPLE, VIEWS, CAMERAS = 6, 8, 3


def rows() -> list[str]:
    """Six people before three cameras and in sequences, ten distractors, two people to train on."""
    found = [f"{person},{person}-{view}.png,train,,,," for person in (50, 51) for view in range(4)]
    for person in range(PEOPLE):
        for view in range(VIEWS):
            roles = ("True,False", "False,True", "True,True")[view % 3]
            sequence = f"s{view // 4}" if person % 2 else ""
            found.append(f"{person},{person}-{view}.png,validation,{roles},c{view % CAMERAS},{sequence}")
    return found + [f"{90 + n},distractor-{n}.png,validation,False,True,c{n % CAMERAS},s0" for n in range(10)]


@pytest.fixture
def study(make_study: MakeStudy, tmp_path: Path) -> Study:
    own = tmp_path / "own"
    own.mkdir()
    generator = np.random.default_rng(0)
    for row in rows():
        Image.fromarray(generator.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(own / row.split(",")[1])
    file = write_csv(own, rows(), f"{CSV_HEAD},camera,sequence")
    people = STUDY["datasets"]["digits"] | {"kind": "csv", "csv": str(file)}
    metrics = {"metrics": ["recall", "r-precision", "map-at-r", "cmc", "deep-recall"], "batch": 7, "check_queries": 5}
    study = make_study(datasets={"people": people}, trainings={"natural": {"method": "natural"}}, evaluation=metrics)
    build_index(study.datasets["people"], study.data_root, study.sources, workers=1)
    build_store(study.datasets["people"], study.data_root, workers=1)
    attack_model(study, MODEL)
    score_model(study, MODEL)
    return study


def stored(study: Study, label: str) -> Attacked:
    return load_attacked(attacked_path(study.name, MODEL, attack_digests(study)[label]))


def competitors(study: Study) -> tuple[list[list[str]], list[list[str]], dict[str, int]]:
    """The lines of queries and of the gallery in the order of the index, and the id of each path."""
    index = Evaluation(study, MODEL).dataset.index
    line = {row.split(",")[1]: row.split(",") for row in rows()}
    ordered = [line[path] for path in index.paths]
    ids = {path: number for number, path in enumerate(index.paths)}
    return [row for row in ordered if row[3] == "True"], [row for row in ordered if row[4] == "True"], ids


def is_ignored(query: list[str], item: list[str]) -> bool:
    same_camera = query[0] == item[0] and query[5] == item[5] != ""
    return query[1] == item[1] or same_camera or query[6] == item[6] != ""


@pytest.mark.parametrize("label", ["clean", "pgd-0.05"])
def test_against_a_loop_over_the_lists(study: Study, label: str) -> None:
    queries, gallery, ids = competitors(study)
    found: dict[str, Any] = read_json(attack_folder(study.name, MODEL) / f"{label}.json")
    embeddings, items = stored(study, label).embeddings.astype(float), stored(study, "clean").gallery.astype(float)
    assert (len(embeddings), len(items)) == (len(queries), len(gallery)) and ids[queries[0][1]] == found["queries"][
        "id"
    ][0]
    ranks = []
    for row, query in enumerate(queries):
        distances = np.square(items - embeddings[row]).sum(1)
        order = [p for p in np.lexsort((np.arange(len(items)), distances)) if not is_ignored(query, gallery[p])]
        hits = [gallery[p][0] == query[0] for p in order]
        column = "neighbour_clean" if label == "clean" else "neighbour_adversarial"
        assert found["queries"][column][row] == ids[gallery[order[0]][1]]
        assert found["queries"]["scored"][row] == any(hits)
        if any(hits):
            assert found["queries"]["adversarial_right"][row] == hits[0]
            relevant = sum(hits)
            precisions = [sum(hits[: i + 1]) / (i + 1) for i in range(relevant) if hits[i]]
            ranks.append((hits.index(True) + 1, sum(hits[:relevant]) / relevant, sum(precisions) / relevant))
    first, precision, average = (np.array(column) for column in zip(*ranks, strict=True))
    naive = {f"recall@{k}": (first <= k).mean() for k in (1, 2, 4, 8, 10, 20, 30, 40, 50, 100)}
    naive |= {f"cmc@{k}": (first <= k).mean() for k in (1, 5, 10, 20)}
    naive |= {"r-precision": precision.mean(), "map@r": average.mean()}
    assert found["metrics"]["masked"] == pytest.approx(naive, abs=1e-9)


def test_the_attack_moves_towards_what_may_be_retrieved(study: Study) -> None:
    recalls = [
        read_json(attack_folder(study.name, MODEL) / f"{label}.json")["metrics"]["masked"]["recall@1"]
        for label in ("clean", "pgd-0.05")
    ]
    assert recalls[1] < recalls[0]


def test_the_released_protocol_drops_the_first_of_what_is_left(study: Study) -> None:
    """Queries that are no gallery items have the masked neighbours; others lose their first, which may be right."""
    queries, gallery, _ = competitors(study)
    evaluation = Evaluation(study, MODEL)
    released = evaluation.ranking(stored(study, "pgd-0.05").embeddings, "as-released")
    items = stored(study, "clean").gallery.astype(float)
    for row, query in enumerate(queries):
        distances = np.square(items - stored(study, "pgd-0.05").embeddings[row].astype(float)).sum(1)
        allowed = [p for p in range(len(items)) if query[1] == gallery[p][1] or not is_ignored(query, gallery[p])]
        order = sorted(allowed, key=lambda p: (distances[p], p))[int(query[4] == "True") :]
        shown = released.positions[row].tolist()
        assert shown == (order + [-1] * len(shown))[: len(shown)]
