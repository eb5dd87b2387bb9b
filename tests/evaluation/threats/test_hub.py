"""Adversarial hubs against known answers: a linear embedding, a loop, and a study."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from evaluation.tiny_study import MODEL, MakeStudy
from robust_dml.attacks.balls import LinfBall
from robust_dml.attacks.capture import capture
from robust_dml.evaluation.collect_threats import collect_threats
from robust_dml.evaluation.measure import measure_threat
from robust_dml.evaluation.threats.hub import HubSearch, halves, k_occurrences
from robust_dml.report.threats import read_threats
from robust_dml.retrieval import Items

PIXELS = 12


def line_problem(seed: int, epsilon: float) -> tuple[HubSearch, Tensor, float]:
    """Images that a linear map puts on a line; queries lie to the right, denser the farther they are.

    The optimum is known: the candidate reaches every place up to epsilon times the sum of the absolute weights away.
    """
    generator = torch.Generator().manual_seed(seed)
    weights = torch.randn(PIXELS, generator=generator)
    images = 0.5 + 0.1 * torch.rand(1, 1, 1, PIXELS, generator=generator)

    def embed(batch: Tensor) -> Tensor:
        return batch.flatten(1) @ weights[:, None]

    place = embed(images)
    reach = epsilon * float(weights.abs().sum())
    steps = reach * torch.rand(60, 1, generator=generator).sqrt() * 1.2
    queries = Items(place + steps, torch.zeros(60, dtype=torch.long), torch.arange(60))
    rivals = Items(queries.embeddings + 0.3 * reach, torch.zeros(60, dtype=torch.long), torch.arange(100, 160))
    candidate = Items(place, torch.ones(1, dtype=torch.long), torch.tensor([999]))
    parts = zip(
        (candidate.embeddings, candidate.labels, candidate.ids),
        (rivals.embeddings, rivals.labels, rivals.ids),
        strict=True,
    )
    gallery = Items(*(torch.cat(pair) for pair in parts))
    search = HubSearch(embed, queries, gallery, images, torch.tensor([0]), torch.tensor([seed]), steps=60)
    return search, place, reach


@pytest.mark.parametrize("seed", range(12))
def test_99_percent_of_the_optimum_of_a_linear_embedding(seed: int) -> None:
    search, place, reach = line_problem(seed, 0.05)
    judged = capture(search.attackers, search.gallery, search.places)
    every = torch.linspace(float(place) - reach, float(place) + reach, 4001)[:, None]
    optimum = max(int(judged.captured(at[None]).sum()) for at in every)
    with torch.no_grad():
        hub = search.best(search.images, LinfBall(0.05))
        found = int(judged.captured(search.embed(hub)).sum())
    assert float((hub - search.images).abs().max()) <= 0.05 + 1e-6
    assert optimum >= 5 and found >= 0.99 * optimum


def test_epsilon_0_changes_nothing_and_the_share_never_falls() -> None:
    search, _, _ = line_problem(0, 0.05)
    judged = capture(search.attackers, search.gallery, search.places)
    known, shares = search.images, []
    for epsilon in (0.0, 0.01, 0.02, 0.05, 0.1):
        known = search.best(known, LinfBall(epsilon))
        if epsilon == 0:
            assert torch.equal(known, search.images)
        shares.append(int(judged.captured(search.embed(known)).sum()))
    assert shares == sorted(shares) and shares[-1] > shares[0]


def test_halves_divide_the_queries_whatever_their_order() -> None:
    items = Items(torch.randn(21, 2), torch.arange(21) % 3, torch.arange(21) + 7)
    one, other = halves(items, 0)
    assert (len(one), len(other)) == (11, 10)
    assert sorted([*one.ids.tolist(), *other.ids.tolist()]) == list(range(7, 28))
    shuffled = items.rows(torch.randperm(21))
    assert set(halves(shuffled, 0)[0].ids.tolist()) == set(one.ids.tolist()) != set(halves(items, 1)[0].ids.tolist())


def test_k_occurrence_against_a_loop() -> None:
    generator = torch.Generator().manual_seed(0)
    items = Items(torch.randn(25, 3, generator=generator), torch.arange(25) % 4, torch.arange(25))
    places, moved, k = torch.tensor([2, 9]), 0.1 * torch.randn(2, 3, generator=generator), 4
    clean, hubs = k_occurrences(items, items, places, moved, k)

    def among(gallery: Tensor, place: int) -> int:
        count = 0
        for q in range(25):
            order = sorted((float((gallery[p] - items.embeddings[q]).norm()), p) for p in range(25) if p != q)
            count += place in [p for _, p in order[:k]]
        return count

    assert clean.tolist() == [among(items.embeddings, place) for place in range(25)]
    for row, place in enumerate(places.tolist()):
        gallery = items.embeddings.clone()
        gallery[place] = moved[row]
        assert int(hubs[row]) == among(gallery, place)


def test_a_study_collects_what_its_threat_measures(make_study: MakeStudy) -> None:
    hub = {"kind": "hub", "epsilon": [0.1, 0.3], "steps": 5, "candidates": 4, "rank": 10}
    study = make_study(threats={"hub": hub}, trainings={"natural": {"method": "natural"}})
    path = measure_threat(study, MODEL, "hub")
    first = path.read_bytes()
    assert measure_threat(study, MODEL, "hub").read_bytes() == first
    rows = read_threats(collect_threats(study))
    shares = {(row.setting, row.level): row for row in rows if row.metric == "captured"}
    assert {level for _, level in shares} == {0.0, 0.1, 0.3}
    for row in shares.values():
        assert row.low is not None and row.high is not None and 0 <= row.low <= row.value <= row.high <= 1
    mean = [shares["mean candidate", level].value for level in (0.0, 0.1, 0.3)]
    assert mean[2] > mean[0]
    assert {row.metric for row in rows} == {"captured", "auc", "found"} and Path("results/tiny/threats.csv").exists()
    assert all(np.isfinite(row.value) for row in rows)
