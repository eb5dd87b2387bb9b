"""A card says what was measured; an edit is refused, also one with a new hash of the content."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cards.made_up_cards import LABELS, made_up_card, right_of
from robust_dml.cards.about import read_about
from robust_dml.cards.bits import pack_bits, unpack_bits
from robust_dml.cards.card import read_card, write_card
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.sealed import write_sealed


@pytest.fixture
def card_file(tmp_path: Path) -> Path:
    write_card(tmp_path / "card.json", made_up_card("resnet"))
    return tmp_path / "card.json"


def test_a_card_comes_back_as_it_was_written(card_file: Path) -> None:
    card = read_card(card_file)
    assert card == made_up_card("resnet")
    assert np.array_equal(card.right(8 / 255), right_of(0.3, 0)[None])
    assert np.array_equal(card.classes, LABELS)


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 1000])
def test_bits_come_back(count: int) -> None:
    bits = np.random.default_rng(count).random(count) < 0.5
    assert np.array_equal(unpack_bits(pack_bits(bits), count), bits)


@pytest.mark.parametrize(
    "edit",
    [
        lambda card: card["seeds"][0]["radii"][2]["recall"].update(value=0.9),
        lambda card: card["model"]["weights"].update({"0": "other"}),
        lambda card: card["protocol"].update(name="standard-v2"),
        lambda card: card.update(verdict="unverified"),
    ],
)
def test_an_edited_card_is_refused(edit: Callable[[dict[str, Any]], None], card_file: Path) -> None:
    content = json.loads(card_file.read_text())
    edit(content)
    card_file.write_text(json.dumps(content))
    with pytest.raises(UserError, match="not what was written") as error:
        read_card(card_file)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda card: card["seeds"][0]["radii"][2]["recall"].update(value=0.9), r"epsilon 0\.03\d+: recall@1 is 0\.9"),
        (lambda card: card["seeds"][0]["radii"][1]["recall"].update(high=0.99), "its upper end is 0.99"),
        (lambda card: card["seeds"][0]["radii"][1].update(right=pack_bits(np.ones(200, bool))), "its queries give 1.0"),
        (lambda card: card["seeds"][0]["radii"][1].update(right="AAAA"), "not packed by this package"),
        (lambda card: card.update(reasons=["gradients: zero"]), "verdict: verified, with 1 reasons"),
        (lambda card: card["data"].update(scored=150), "labels: expected 150 classes, found 200"),
        (lambda card: card["model"].update(weights={"1": "a"}), "no hash of weights"),
        (lambda card: card.update(format=2), "no card of format 1"),
        (lambda card: card.update(colour="red"), "colour: unknown key"),
        (lambda card: card.pop("seeds"), "seeds: missing"),
    ],
)
def test_a_card_that_contradicts_itself_is_refused_with_any_hash(
    edit: Callable[[dict[str, Any]], None], message: str, card_file: Path
) -> None:
    content = json.loads(card_file.read_text())
    edit(content)
    write_sealed(card_file, content)
    with pytest.raises(UserError, match=message) as error:
        read_card(card_file)
    assert "\n" not in str(error.value)


def test_what_is_no_card_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "card.json").write_text("[1, 2]")
    with pytest.raises(UserError, match="expected a JSON mapping"):
        read_card(tmp_path / "card.json")


def test_what_an_author_says_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "about.yaml"
    path.write_text("title: ResNet\nreported: [{value: 0.7, source: Table 1}]\n")
    assert read_about(path).reported[0].value == 0.7
    path.write_text("titel: ResNet\n")
    with pytest.raises(UserError, match="titel: unknown key"):
        read_about(path)
    path.write_text("- ResNet\n")
    with pytest.raises(UserError, match=r"about\.yaml"):
        read_about(path)
