"""Recall of edited images against the same recall by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from evaluation.tiny_study import MODEL, MakeStudy
from robust_dml.evaluation.edits import edited
from robust_dml.evaluation.readings import Reading
from robust_dml.evaluation.target import load_target
from robust_dml.evaluation.threats.edits import EditsOptions, embed_edited, measure_edits
from robust_dml.metrics import retrieval_metrics


@pytest.fixture
def readings(make_study: MakeStudy) -> tuple[dict[tuple[str, float], Reading], object]:
    target = load_target(make_study(), MODEL)
    options = EditsOptions(
        edits=["impulse-noise", "overlay", "flip"], severities=[2, 5], of=["queries", "gallery", "both"]
    )
    return {(each.setting, each.level): each for each in measure_edits(target, options)}, target


def test_against_the_metric_of_edited_embeddings(readings: tuple[dict[tuple[str, float], Reading], object]) -> None:
    found, target = readings
    for name in ("impulse-noise", "overlay", "flip"):
        images = target.part.test_images(np.arange(len(target.part)))
        after = edited(name, images, 5, target.part.ids.tolist()).float() / 255
        with torch.no_grad():
            moved = target.queries.embedded_as(target.embed(after).float())
        clean = target.queries
        pairs = {name: (moved, clean), f"{name} of gallery": (clean, moved), f"{name} of both": (moved, moved)}
        for setting, (queries, gallery) in pairs.items():
            assert found[setting, 5.0].value == pytest.approx(retrieval_metrics(queries, gallery)["recall@1"], abs=2e-3)
        torch.testing.assert_close(embed_edited(target, target.part, name, 5), moved.embeddings)


def test_mean_and_worst_are_those_of_the_edits(readings: tuple[dict[tuple[str, float], Reading], object]) -> None:
    found, _ = readings
    for side in ("", " of gallery", " of both"):
        values = [found[f"{name}{side}", 5.0].value for name in ("impulse-noise", "overlay", "flip")]
        assert found[f"mean edit{side}", 5.0].value == pytest.approx(np.mean(values))
        assert found[f"worst edit{side}", 5.0].value == min(values) < found["clean", 0.0].value
    assert found["flip", 2.0].value == found["flip", 5.0].value
    assert all(each.low is not None and each.low <= each.value <= (each.high or 0) for each in found.values())
