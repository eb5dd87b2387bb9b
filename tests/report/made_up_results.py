"""A results tree in the formats of the real one, filled with random numbers; only for tests."""

from __future__ import annotations

import csv
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any

import numpy as np

from robust_dml.config import Run, Study
from robust_dml.config.digests import score_settings, training_settings
from robust_dml.config.evaluation import CLEAN, AttackAt, attacks_of
from robust_dml.config.paths import attack_folder, model_folder, results_folder, score_path
from robust_dml.config.resolve import backbone_of, runs
from robust_dml.report.metrics import MetricRow
from robust_dml.runtime.files import sha256_of, write_text
from robust_dml.runtime.sealed import write_checksum, write_sealed

QUERIES, NEIGHBOURS, CLASSES, PIXELS = 60, 4, 5, 16
METRICS = ("recall@1", "recall@2", "recall@4", "recall@8", "r-precision", "map@r")


def make_results(study: Study) -> None:
    """Write results/<study> below the current folder: models, attacks and metrics.csv."""
    lines = [line for run in runs(study) for line in _make_run(study, run)]
    write_rows(study, lines)


def write_rows(study: Study, rows: list[MetricRow]) -> None:
    """Write metrics.csv and its checksum."""
    head = ",".join(field.name for field in fields(MetricRow))
    lines = [head, *(",".join("" if value is None else str(value) for value in astuple(row)) for row in rows)]
    path = results_folder(study.name) / "metrics.csv"
    write_text(path, "\n".join(lines) + "\n")
    write_checksum(path)


def _make_run(study: Study, run: Run) -> list[MetricRow]:
    random = np.random.default_rng([len(run.loss), list(study.trainings).index(run.training), run.seed])
    _make_model(study, run, random)
    lines = []
    for at in [CLEAN, *attacks_of(study)]:
        record = _attack_record(study, run, at, random)
        write_sealed(score_path(study.name, run, at.label), record)
        lines += _lines(record)
    checks = [
        {"check": "NaN count is zero", "verdict": "pass", "observed": 0, "expected": "0", "taints": [], "why": ""},
        _failed_check() if (run.training, run.seed) == ("robust-negative", 0) else _passed_check(),
    ]
    write_sealed(attack_folder(study.name, run) / "checks.json", {"checks": checks})
    seconds = {at.label: {"seconds": 2.0, "queries_per_second": 30.0} for at in [CLEAN, *attacks_of(study)]}
    _make_examples(study, run, random)
    record = {**_provenance(study, run), "settings": {"score": score_settings(study, run)}, "attacks": seconds}
    examples = sha256_of(attack_folder(study.name, run) / "examples.npz")
    write_sealed(attack_folder(study.name, run) / "run.json", {**record, "examples_sha256": examples})
    return lines


def _passed_check() -> dict[str, Any]:
    return {"check": "more steps", "verdict": "pass", "observed": 0.1, "expected": "< 1", "taints": [], "why": ""}


def _failed_check() -> dict[str, Any]:
    why = "doubling the steps lowers R@1 by 3.0 points"
    return {
        "check": "more steps",
        "verdict": "fail",
        "observed": 3.0,
        "expected": "less than 1 point",
        "taints": ["pgd-0.1"],
        "why": why,
    }


def _provenance(study: Study, run: Run) -> dict[str, Any]:
    return {
        "settings": training_settings(study, run),
        "seed": run.seed,
        "data_sha256": "d" * 64,
        "revision": "0123456789abcdef0123456789abcdef01234567",
        "device": "cpu (made up)",
        "versions": {"python": "3.11", "torch": "2.13.0"},
        "finished": "2025-01-02T03:04:05+00:00",
    }


def _make_model(study: Study, run: Run, random: np.random.Generator) -> None:
    folder = model_folder(study.name, run)
    write_text(folder / "model.safetensors", "")
    totals = {"epochs": 6, "steps": 60, "bad_steps": 0, "seconds": 12.5}
    fields = "epoch,loss,recall@1,adversarial_recall@1,validation_recall@1,bad_steps,steps,seconds"
    lines = [f"{fields},images_per_second,memory_mb"]
    for epoch in range(1, 7):
        measured = epoch % 2 == 0
        clean = f"{0.5 + 0.07 * epoch:.3f}" if measured else ""
        attacked = f"{0.3 + 0.05 * epoch * random.random():.3f}" if measured else ""
        lines.append(f"{epoch},{0.2 / epoch:.4f},{clean},{attacked},,0,10,1.5,600,")
    write_text(folder / "history.csv", "\n".join(lines) + "\n")
    hashes = {"model_sha256": "a" * 64, "history_sha256": sha256_of(folder / "history.csv")}
    write_sealed(folder / "run.json", {**_provenance(study, run), "totals": totals, **hashes})


def _attack_record(study: Study, run: Run, at: AttackAt, random: np.random.Generator) -> dict[str, Any]:
    attack = at.config
    strength = 6 * at.epsilon * (0.4 if run.training.startswith("robust") else 1.0)
    expected = float(np.clip(0.95 - strength + 0.03 * random.standard_normal(), 0.02, 0.99))
    ids = list(range(QUERIES))
    right = [bool(random.random() < expected) for _ in ids]
    spared = [each or bool(attack and random.random() < 0.05) for each in right]
    masked, released = (
        {name: sum(each) / QUERIES * (1 - 0.1 * n / 6) for n, name in enumerate(METRICS)} for each in (right, spared)
    )
    return {
        **{"dataset": run.dataset, "backbone": backbone_of(study, run)[0], "loss": run.loss, "training": run.training},
        **{"seed": run.seed, "attack": at.name, "norm": attack.norm if attack else ""},
        **{"epsilon": at.epsilon, "steps": attack.steps if attack else 0},
        "objective": attack.objective if attack and not at.is_ensemble else "",
        "settings": attack.model_dump(mode="json") if attack else {},
        "metrics": {"masked": masked, "as-released": released},
        "counts": {"queries": QUERIES, "scored": QUERIES, "nan": 0, "zero_gradient": 0, "collapsed": 0},
        "queries": {
            "id": ids,
            "label": [n % CLASSES for n in ids],
            "scored": [True] * QUERIES,
            "clean_right": [True] * QUERIES,
            "adversarial_right": right,
            "adversarial_right_as_released": spared,
            "norm": [at.epsilon] * QUERIES,
            "shift": [float(value) for value in np.clip(strength * random.random(QUERIES) * 2, 0, 2)],
            "neighbour_clean": [(n + CLASSES) % QUERIES for n in ids],
            "neighbour_adversarial": [(n + 1) % QUERIES for n in ids],
        },
    }


def _lines(record: dict[str, Any]) -> list[MetricRow]:
    names = ("dataset", "backbone", "loss", "training", "seed", "attack", "norm", "epsilon", "steps", "objective")
    return [
        MetricRow(
            *(record[name] for name in names), protocol, metric, value, low=0.9 * value, high=min(1.0, 1.1 * value)
        )
        for protocol, metrics in record["metrics"].items()
        for metric, value in metrics.items()
    ]


def _make_examples(study: Study, run: Run, random: np.random.Generator) -> None:
    count, ids = study.report.examples, np.arange(QUERIES)
    clean = random.integers(0, 256, (QUERIES, 3, PIXELS, PIXELS), dtype=np.uint8)
    delta = random.uniform(-0.1, 0.1, (count, 3, PIXELS, PIXELS)).astype(np.float32)
    robust = run.training.startswith("robust")
    step = CLASSES if robust else 1
    embedding = random.standard_normal((QUERIES, 2)).astype(np.float32)
    embedding /= np.linalg.norm(embedding, axis=1, keepdims=True)
    arrays = {
        "id": ids[:count],
        "label": ids[:count] % CLASSES,
        "clean": clean[:count],
        "adversarial": np.clip(clean[:count] / np.float32(255) + delta, 0, 1),
        "neighbours_clean": (ids[:count, None] + CLASSES * (1 + np.arange(NEIGHBOURS))) % QUERIES,
        "neighbours_adversarial": (ids[:count, None] + step * (1 + np.arange(NEIGHBOURS))) % QUERIES,
        "neighbour_ids": ids,
        "neighbour_labels": ids % CLASSES,
        "neighbour_images": clean,
        "embedding_id": ids,
        "embedding_label": ids % 2,
        "embedding_clean": embedding,
        "embedding_adversarial": embedding[::-1].copy(),
    }
    np.savez_compressed(attack_folder(study.name, run) / "examples.npz", **arrays)


def read_lines(path: Path) -> list[dict[str, str]]:
    """A CSV file as dictionaries."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
