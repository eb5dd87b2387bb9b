"""`robust-dml verify`: a card holds where it was made; edits, other weights, code and images are refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from robust_dml.auditing.verify import Sampled, verify
from robust_dml.cards.bits import pack_bits
from robust_dml.cards.card import Card, Estimate, read_card, write_card
from robust_dml.cli.main import main
from robust_dml.statistics import mean_interval

CARD = Path("audit/card.json")


@pytest.fixture
def audited(folder: Path) -> Path:
    options = ["--size", "16", "--radii", "8/255", "--device", "cpu", "--batch", "8"]
    assert main(["audit", "encoders:small", "photos", "--out", "audit", *options]) == 0
    return folder


def error_of(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    assert main(["verify", str(CARD), *options]) == 1
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("robust-dml: error: ")]
    assert len(lines) == 1
    return lines[0]


def flattered(card: Card) -> Card:
    """The card with every query right at its last radius, and numbers that fit."""
    right = np.ones(card.data.scored, dtype=bool)
    interval = mean_interval(right.astype(float), card.classes)
    recall = Estimate(value=interval.estimate, low=interval.low, high=interval.high)
    last = card.seeds[0].radii[-1].model_copy(update={"recall": recall, "right": pack_bits(right)})
    seed = card.seeds[0].model_copy(update={"radii": [*card.seeds[0].radii[:-1], last]})
    return card.model_copy(update={"seeds": [seed]})


def test_a_card_holds_where_it_was_made_and_where_its_parts_lie(
    audited: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = CARD.read_bytes()
    assert main(["verify", str(CARD)]) == 0
    assert f"{CARD}: holds" in capsys.readouterr().out
    assert CARD.read_bytes() == before
    Path("elsewhere").mkdir()
    shutil.move("photos", "elsewhere/pictures")
    assert main(["verify", str(CARD), "--data", "elsewhere/pictures", "--queries", "5", "--seed", "3"]) == 0


def test_flattering_numbers_do_not_hold(audited: Path, capsys: pytest.CaptureFixture[str]) -> None:
    card = read_card(CARD)
    assert card.right(8 / 255).mean() < 0.8
    write_card(CARD, flattered(card))
    assert "does not hold at epsilon 0.03137" in error_of(capsys)


def test_an_edit_is_refused(audited: Path, capsys: pytest.CaptureFixture[str]) -> None:
    CARD.write_text(CARD.read_text().replace('"size": 16', '"size": 17'))
    assert "not what was written" in error_of(capsys)


def test_another_version_is_refused(audited: Path, capsys: pytest.CaptureFixture[str]) -> None:
    card = read_card(CARD)
    write_card(CARD, card.model_copy(update={"protocol": card.protocol.model_copy(update={"name": "standard-v0"})}))
    assert "made by the protocol standard-v0; this package runs standard-v1" in error_of(capsys)


def test_another_encoder_is_refused(audited: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "made for other weights, or other code" in error_of(capsys, "--encoder", "encoders:short")


def test_other_images_are_refused(audited: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy("photos/class-0/0.png", "photos/class-0/another.png")
    assert "made on other images" in error_of(capsys)


@pytest.mark.parametrize(
    ("epsilon", "broken", "spared", "holds"),
    [(0.1, 0, 20, True), (0.1, 1, 0, True), (0.1, 2, 0, False), (0.0, 1, 1, False), (0.0, 0, 1, True)],
)
def test_one_query_may_differ_by_rounding(epsilon: float, broken: int, spared: int, holds: bool) -> None:
    assert Sampled(0, epsilon, 32, broken, spared).holds is holds


def test_the_sample_is_that_of_its_seed(audited: Path) -> None:
    assert verify(CARD, queries=4, seed=1) == verify(CARD, queries=4, seed=1)
    assert [at.queries for at in verify(CARD, queries=4)] == [4, 4]
