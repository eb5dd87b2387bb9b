"""What is attacked, what is kept, and what is made again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from evaluation.tiny_study import MODEL, STUDY, MakeStudy, Passes, evaluate, stored, stored_path
from robust_dml.config import Study
from robust_dml.config.paths import STATE, attack_folder, model_folder
from robust_dml.evaluation import attack
from robust_dml.evaluation.attack import attack_model
from robust_dml.evaluation.attacked import Attacked, load_attacked, save_attacked
from robust_dml.evaluation.planned import attack_digests
from robust_dml.evaluation.target import load_target
from robust_dml.runtime.errors import UserError

SMALL_BLOCKS = {"batch": 100, "block": 200, "check_queries": 20}
PGD = {"optimiser": "pgd", "objective": "margin", "steps": 3}
WORDS = ["study.yaml", "--dataset", "digits", "--loss", "triplet", "--training", "natural", "--seed", "0"]

LIGHT = """
import sys
from robust_dml.cli.main import main
assert main(sys.argv[1:]) == 0
heavy = {"torchvision", "pytorch_metric_learning", "sklearn", "pandas", "matplotlib", "scipy.stats"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""


@pytest.fixture
def attacked_labels(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The labels of the results that are made, as they are made."""
    found: list[str] = []
    whole = attack.run_blocks

    def listed(*arguments: Any, title: str, **options: Any) -> Attacked:
        found.append(title)
        return whole(*arguments, title=title, **options)

    monkeypatch.setattr(attack, "run_blocks", listed)
    return found


def embeddings(study: Study) -> set[str]:
    """The names of the files of stored results."""
    return {path.name for path in (attack_folder(study.name, MODEL) / "embeddings").iterdir()}


def arrays(study: Study) -> dict[str, tuple[bytes, ...]]:
    """The content of each stored result, but for the time it took."""
    found = {label: stored(label) for label in attack_digests(study)}
    return {
        label: tuple(
            getattr(a, name).tobytes() for name in ("positions", "embeddings", "norm", "zero_gradient", "images")
        )
        for label, a in found.items()
    }


def test_every_planned_result_is_stored_with_what_it_was_made_from(make_study: MakeStudy) -> None:
    study = make_study()
    attack_model(study, MODEL)
    labels = attack_digests(study)
    assert embeddings(study) == {f"{digest}.npz" for digest in labels.values()}
    assert {"clean", "fgsm-0.02", "pgd-0.05", "pgd-0.05,as-released", "pgd-0.02,steps=6"} <= set(labels)
    assert not list(STATE.rglob("*.npz"))
    target = load_target(study, MODEL)
    for label in labels:
        origin = stored(label).origin
        assert (origin.label, origin.model_sha256) == (label, target.model_sha256)
        assert origin.data_sha256 == target.data_sha256 and origin.revision and origin.device.startswith("cpu")


def test_a_result_that_fits_is_kept(make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    study, passes = make_study(), Passes(monkeypatch)
    attack_model(study, MODEL)
    before = {path: path.read_bytes() for path in stored_path("clean").parent.iterdir()}
    queries = len(stored("clean").positions)
    assert passes.of(lambda: attack_model(study, MODEL)) == queries  # the clean embeddings, and nothing else
    assert {path: path.read_bytes() for path in stored_path("clean").parent.iterdir()} == before


def test_one_more_radius_attacks_only_that(make_study: MakeStudy, attacked_labels: list[str]) -> None:
    attack_model(make_study(), MODEL)
    attacked_labels.clear()
    fgsm = {"optimiser": "fgsm", "epsilon": 0.02}
    study = make_study(attacks={"fgsm": fgsm, "pgd": {**PGD, "epsilon": [0.02, 0.05, 0.07]}})
    attack_model(study, MODEL)
    assert attacked_labels == ["pgd-0.07", "pgd-0.07,as-released"]


@pytest.mark.parametrize(
    "change",
    [
        {"report": {"headline": "pgd-0.05", "examples": 9}},
        {"report": {"headline": "pgd-0.02", "examples": 4}},
        {"evaluation": {"batch": 300, "block": 500, "check_queries": 40, "metrics": ["recall"]}},
        {"evaluation": {"batch": 300, "block": 500, "check_queries": 40, "clusters": True}},
        {"evaluation": {"batch": 300, "block": 900, "check_queries": 40}},
    ],
)
def test_examples_headline_metrics_and_blocks_attack_nothing_again(
    change: dict[str, Any], make_study: MakeStudy, attacked_labels: list[str]
) -> None:
    evaluate(make_study())
    attacked_labels.clear()
    evaluate(make_study(**change))
    assert attacked_labels == []


def test_a_result_that_still_fits_is_found_whatever_its_attack_is_called(
    make_study: MakeStudy, attacked_labels: list[str]
) -> None:
    settings = {"evaluation": {"batch": 300, "check_queries": 0}, "report": {}}
    attack_model(make_study(attacks={"pgd": {**PGD, "epsilon": 0.05}}, **settings), MODEL)
    attacked_labels.clear()
    evaluate(make_study(attacks={"renamed": {**PGD, "epsilon": [0.05]}}, **settings))
    assert attacked_labels == []


def change_weights(path: Path) -> None:
    from safetensors.torch import load_file, save_file

    save_file({name: value + 0.01 for name, value in load_file(path).items()}, path)


def spoil_an_embedding(path: Path) -> None:
    found = load_attacked(path)
    found.embeddings[0] += 1
    with np.load(path) as file:
        header = file["header"]
    names = ("positions", "embeddings", "norm", "zero_gradient", "image_positions", "images", "gallery")
    np.savez(path, header=header, **{name: getattr(found, name) for name in names})


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-2000])


def forget_its_digest(path: Path) -> None:
    found = load_attacked(path)
    save_attacked(path, replace(found, origin=replace(found.origin, digest="0")))


@pytest.mark.parametrize("spoil", [spoil_an_embedding, cut, Path.unlink, forget_its_digest])
def test_a_result_that_does_not_fit_is_made_again(
    spoil: Callable[[Path], None], make_study: MakeStudy, attacked_labels: list[str]
) -> None:
    study = make_study()
    attack_model(study, MODEL)
    before = arrays(study)
    attacked_labels.clear()
    spoil(stored_path("pgd-0.05"))
    attack_model(study, MODEL)
    assert attacked_labels == ["pgd-0.05"]
    assert arrays(study) == before


def test_another_model_is_attacked_again(make_study: MakeStudy, attacked_labels: list[str]) -> None:
    study = make_study()
    attack_model(study, MODEL)
    every = list(attacked_labels)
    attacked_labels.clear()
    change_weights(model_folder(study.name, MODEL) / "model.safetensors")
    attack_model(study, MODEL)
    assert attacked_labels == every


def test_another_split_is_attacked_again_even_on_the_same_model(
    make_study: MakeStudy, attacked_labels: list[str]
) -> None:
    study = make_study()
    attack_model(study, MODEL)
    every, model = list(attacked_labels), (model_folder(study.name, MODEL) / "model.safetensors").read_bytes()
    before = stored("clean").embeddings
    attacked_labels.clear()
    digits = {**STUDY["datasets"]["digits"], "split": "random-1"}
    attack_model(make_study(datasets={"digits": digits}), MODEL)
    assert (model_folder(study.name, MODEL) / "model.safetensors").read_bytes() == model
    assert attacked_labels == every and not np.array_equal(stored("clean").embeddings, before)


def test_only_one_attack(make_study: MakeStudy, attacked_labels: list[str]) -> None:
    study = make_study()
    attack_model(study, MODEL, only="pgd-0.02")
    assert attacked_labels == ["pgd-0.02"]
    assert embeddings(study) == {stored_path("pgd-0.02").name}
    with pytest.raises(UserError, match=r"no attack pgd-0\.3; the study has clean, fgsm-0\.02, pgd-0\.02"):
        attack_model(study, MODEL, only="pgd-0.3")


@pytest.mark.parametrize("calls_before_the_kill", [1, 12, 29])
def test_interrupted_anywhere_it_ends_in_the_same_embeddings(
    make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch, calls_before_the_kill: int
) -> None:
    study = make_study(evaluation=SMALL_BLOCKS)
    calls: list[int] = []
    limit = 0

    def counted(whole: Callable[..., Attacked]) -> Callable[..., Attacked]:
        def call(batch: Any, positions: np.ndarray, **others: Any) -> Attacked:
            calls.append(len(positions))
            if len(calls) == limit:
                raise KeyboardInterrupt
            return whole(batch, positions, **others)

        return call

    for name in ("attack_batch", "released_batch"):
        monkeypatch.setattr(attack, name, counted(getattr(attack, name)))
    attack_model(study, MODEL)
    uninterrupted, total = arrays(study), len(calls)
    shutil.rmtree(attack_folder(study.name, MODEL))
    calls.clear()
    limit = calls_before_the_kill
    with pytest.raises(KeyboardInterrupt):
        attack_model(study, MODEL)
    done = sum(1 for _ in STATE.rglob("block-*.npz"))
    limit = 0
    attack_model(study, MODEL)
    assert arrays(study) == uninterrupted
    again = len(calls) - calls_before_the_kill
    assert again < total or done == 0
    assert again <= total - calls_before_the_kill + 2  # at most the batches of one unfinished block are worked again


def test_a_killed_process_goes_on_and_its_scores_are_the_same_bytes(make_study: MakeStudy) -> None:
    attacks = {"pgd": {"optimiser": "pgd", "epsilon": 0.05, "steps": 10}}
    study = make_study(attacks=attacks, evaluation={**SMALL_BLOCKS, "check_queries": 0}, report={"examples": 2})
    command = [sys.executable, "-m", "robust_dml"]
    environment = {**os.environ, "GIT_DIR": "absent"}  # the revision must not change while the test runs
    process = subprocess.Popen([*command, "attack", *WORDS], env=environment, stderr=subprocess.DEVNULL)
    while process.poll() is None and not list(STATE.rglob("block-*00002.npz")):
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not stored_path("pgd-0.05,as-released").exists()
    for stage in ("attack", "score"):
        subprocess.run([*command, stage, *WORDS], env=environment, check=True, stderr=subprocess.DEVNULL)
    resumed = contents(attack_folder(study.name, MODEL))
    shutil.rmtree(attack_folder(study.name, MODEL))
    for stage in ("attack", "score"):
        words = [sys.executable, "-c", LIGHT, stage, *WORDS]
        subprocess.run(words, env=environment, check=True, stderr=subprocess.DEVNULL)
    assert contents(attack_folder(study.name, MODEL)) == resumed
    assert {"clean.json", "pgd-0.05.json", "checks.json", "examples.npz"} == set(resumed)


def contents(folder: Path) -> dict[str, bytes]:
    """The bytes of each score; not of run.json and the stored results, which say how long they took."""
    return {path.name: path.read_bytes() for path in folder.glob("*.*") if path.name != "run.json"}


def test_a_missing_model_is_one_line(make_study: MakeStudy) -> None:
    study = make_study()
    (model_folder(study.name, MODEL) / "model.safetensors").unlink()
    with pytest.raises(UserError, match="no such model; run `robust-dml train`"):
        attack_model(study, MODEL)


def test_a_model_of_another_backbone_is_one_line(make_study: MakeStudy) -> None:
    study = make_study()
    other = study.backbones["small"].model_copy(update={"embedding": 16})
    with pytest.raises(UserError, match="do not fit the backbone"):
        attack_model(study.model_copy(update={"backbones": {"small": other}}), MODEL)


def test_torch_threads_and_modes_are_left_alone(make_study: MakeStudy) -> None:
    before = torch.get_num_threads(), torch.backends.cudnn.allow_tf32, torch.backends.cudnn.benchmark
    evaluate(make_study(attacks={}, report={"examples": 0}))
    assert before == (torch.get_num_threads(), torch.backends.cudnn.allow_tf32, torch.backends.cudnn.benchmark)
