"""Places: one more than the number of models that are better by more than chance, on the same queries."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.stats import t

from cards.made_up_cards import LABELS, made_up_card
from robust_dml.cards.card import Card, write_card
from robust_dml.cards.standings import boards_of, read_cards


def naive_better(other: Card, card: Card, radius: float) -> bool:
    """A paired t test of class means: the classes of the made-up queries are equally large."""
    gain = other.right(radius)[0].astype(float) - card.right(radius)[0]
    means = np.array([gain[label == LABELS].mean() for label in np.unique(LABELS)])
    half = t.ppf(0.975, len(means) - 1) * means.std(ddof=1) / np.sqrt(len(means))
    return bool(means.mean() > half)


def test_an_unresolved_difference_is_a_tie() -> None:
    cards = [
        made_up_card("weak", (0.9, 0.5, 0.05), seed=1),
        made_up_card("strong", (0.9, 0.7, 0.60), seed=2),
        made_up_card("as-strong", (0.8, 0.7, 0.59), seed=3),
        made_up_card("middle", (0.9, 0.6, 0.30), seed=4),
    ]
    (board,) = boards_of(cards)
    expected = {
        card.model.name: 1 + sum(naive_better(other, card, 8 / 255) for other in cards if other is not card)
        for card in cards
    }
    assert {standing.card.model.name: standing.place for standing in board.standings} == expected
    assert expected == {"strong": 1, "as-strong": 1, "middle": 3, "weak": 4}
    assert [standing.tied for standing in board.standings] == [True, True, False, False]
    assert board.radius == 8 / 255


def test_unverified_numbers_have_no_place_and_push_nobody_back() -> None:
    cards = [made_up_card("flattered", (1, 1, 1), reasons=("gradients: none",)), made_up_card("honest", seed=1)]
    (board,) = boards_of(cards)
    assert [(each.card.model.name, each.place) for each in board.standings] == [("honest", 1), ("flattered", None)]


def test_other_images_queries_or_threats_are_another_board() -> None:
    cards = [
        made_up_card("a"),
        made_up_card("b", data={"sha256": "cd"}),
        made_up_card("c", threat={"norm": "l2"}),
        made_up_card("d", protocol={"name": "standard-v2"}),
    ]
    assert len(boards_of(cards)) == 4


def test_a_card_that_was_edited_is_refused_and_the_others_stay(tmp_path: Path) -> None:
    for name in ("good", "edited"):
        write_card(tmp_path / f"{name}.json", made_up_card(name))
    text = (tmp_path / "edited.json").read_text()
    (tmp_path / "edited.json").write_text(text.replace('"embedding": 8', '"embedding": 9'))
    cards, refused = read_cards([tmp_path / "good.json", tmp_path / "edited.json", tmp_path / "absent.json"])
    assert [card.model.name for card in cards] == ["good"]
    assert [each.path.name for each in refused] == ["edited.json", "absent.json"]
    assert "not what was written" in refused[0].reason
