"""The rule `make_cards`: a study under the standard protocol ends with a card of each of its models."""

from __future__ import annotations

from pathlib import Path

import pytest

from checkout import run_snakemake
from robust_dml.cards.card import read_card
from robust_dml.runtime.files import read_json


@pytest.mark.slow
def test_a_study_ends_with_the_cards_of_its_models(checkout: Path) -> None:
    config = checkout / "config/ci.yaml"
    attacks, _, _ = config.read_text().partition("attacks:\n")
    without_robust = "\n".join(line for line in attacks.splitlines() if "robust-anchor" not in line)
    standard = "attacks: {standard: {linf: [0.1]}}\nevaluation: {queries: 6, check_queries: 1, as_released: false}\n"
    config.write_text(f"{without_robust}\n{standard}")
    ended = run_snakemake(checkout, "results/ci/card.json")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    card = read_card(checkout / "results/ci/card.json")
    record = read_json(checkout / "results/ci/models/digits/triplet/natural/seed0/run.json")
    assert card.model.name == "triplet/natural" and card.model.weights == {"0": record["model_sha256"]}
    assert card.radii == [0, 0.1] and card.data.queries == 6
