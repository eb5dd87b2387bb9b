"""Whatever lies in the zoo: each model loads, and each card holds. Parametrised over nothing while the zoo is empty."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import robust_dml
from robust_dml.cards.card import read_card
from robust_dml.cli.main import main
from robust_dml.zoo.names import ZOO, card_paths, zoo_names

CARDS = [path for name in zoo_names() for path in card_paths(name)]
QUERIES = "6"  # of each seed, attacked again in full


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of prepared images that the cards share."""
    return tmp_path_factory.mktemp("prepared")


@pytest.mark.slow
@pytest.mark.parametrize("path", CARDS, ids=[f"{path.parent.name}-{path.stem}" for path in CARDS])
def test_a_card_holds(path: Path, prepared: Path) -> None:
    assert main(["verify", str(path), "--queries", QUERIES, "--device", "cpu", "--data-root", str(prepared)]) == 0


@pytest.mark.parametrize("name", zoo_names())
def test_every_seed_of_a_model_loads(name: str) -> None:
    for path in card_paths(name):
        card = read_card(path)
        images = torch.zeros(2, 3, card.data.size, card.data.size)
        for seed in card.seeds:
            embeddings = robust_dml.load_model(name, seed=seed.seed)(images)
            assert embeddings.shape == (2, card.model.embedding) and torch.isfinite(embeddings).all()


def test_whatever_lies_in_the_zoo_is_tested() -> None:
    folders = {path.name for path in ZOO.glob("*") if path.is_dir()}
    assert folders == set(zoo_names())
    if not CARDS:
        pytest.skip("no model lies in the zoo yet: robust-dml zoo STUDY")
