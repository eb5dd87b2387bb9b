"""Universal perturbations and patches on a model, and recall under them against the same recall by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from evaluation.tiny_study import MODEL, MakeStudy
from robust_dml.attacks.balls import LinfBall
from robust_dml.attacks.universal import GREY, Addition, random_content
from robust_dml.evaluation.target import load_target
from robust_dml.evaluation.threats.patch import PatchOptions, measure_patch
from robust_dml.evaluation.threats.universal import UniversalOptions, measure_universal
from robust_dml.evaluation.universal import _sides
from robust_dml.metrics import retrieval_metrics
from robust_dml.runtime.errors import UserError


def test_learned_changes_of_a_model(make_study: MakeStudy) -> None:
    target = load_target(make_study(), MODEL)
    training = target.training()
    assert training is not None and not set(training.labels) & set(target.part.labels)
    options = UniversalOptions(epsilon=[0.0, 0.1, 0.3], steps=20, images=128)
    found = {(each.setting, each.level): each for each in measure_universal(target, options)}
    assert next(iter(found)) == ("clean", 0.0) and len(found) == 5
    assert found["perturbation", 0.3].value < min(found["random perturbation", 0.3].value, found["clean", 0.0].value)

    pixels = target.images(np.arange(len(target.part)))
    content = random_content(Addition(LinfBall(0.3)), pixels[0], target.seed)
    with torch.no_grad():
        moved = target.queries.embedded_as(target.embed((pixels + content - GREY).clamp(0, 1)).float())
    by_hand = retrieval_metrics(moved, target.gallery)["recall@1"]
    assert found["random perturbation", 0.3].value == pytest.approx(by_hand, abs=1e-3)

    patched = {
        (each.setting, each.level): each for each in measure_patch(target, PatchOptions(area=[0.1, 0.3], steps=9))
    }
    assert set(patched) == {("clean", 0.0), *((name, a) for name in ("patch", "random patch") for a in (0.1, 0.3))}
    assert patched["patch", 0.3].value < patched["clean", 0.0].value == found["clean", 0.0].value
    for each in [*found.values(), *patched.values()]:
        assert each.low is not None and each.high is not None and each.low <= each.value <= each.high


def test_without_training_images_half_of_the_classes_teach_and_the_others_judge(make_study: MakeStudy) -> None:
    target = replace(load_target(make_study(), MODEL), training=lambda: None)
    options = UniversalOptions(epsilon=[0.3], steps=20, images=128)
    part, judges = _sides(target)
    judged = set(target.part.labels[judges.numpy()])
    assert not judged & set(part.labels) and judged | set(part.labels) == set(target.part.labels)
    found = {each.setting: each.value for each in measure_universal(target, options)}
    by_hand = retrieval_metrics(target.queries.rows(judges), target.gallery)["recall@1"]
    assert found["clean"] == pytest.approx(by_hand) and found["perturbation"] < found["random perturbation"]

    rows = np.flatnonzero(target.part.labels < target.part.labels.min() + 3)
    few = replace(target.part, ids=target.part.ids[rows], labels=target.part.labels[rows])
    with pytest.raises(UserError, match="queries are of 3 classes; expected 4 or more"):
        list(measure_universal(replace(target, part=few), options))
