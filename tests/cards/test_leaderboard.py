"""The leaderboard in a browser: from cards alone, sorts, filters, shows ties; no error and no request."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cards.made_up_cards import made_up_card, right_of
from robust_dml.cards.card import write_card
from robust_dml.cli.main import main
from test_page import BROWSER, FLAGS, Visit

SHOES = {"about": {"title": "ResNet <50>", "citation": "He et al.", "licence": "MIT"}}
REPORTED = {"about": {"reported": [{"value": 0.7, "epsilon": 8 / 255, "attack": "PGD", "source": "Table 1"}]}}


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("board")
    cards = [
        made_up_card("strong", (0.9, 0.7, 0.60), seed=2, **SHOES),
        made_up_card("as-strong", (0.8, 0.7, 0.59), seed=3),
        made_up_card("weak", (0.95, 0.5, 0.05), seed=1, **REPORTED),
        made_up_card("flattered", (0.99, 0.99, 0.99), reasons=("gradients exist: all are zero",)),
        made_up_card("euclid", threat={"norm": "l2"}),
        made_up_card("bird", data={"name": "birds", "sha256": "ef"}),
        made_up_card("edited"),
    ]
    paths = [folder / f"{card.model.name}.json" for card in cards]
    for path, card in zip(paths, cards, strict=True):
        write_card(path, card)
    paths[-1].write_text(paths[-1].read_text().replace('"cosine"', '"euclidean"'))
    assert main(["leaderboard", *map(str, paths), "--out", str(folder / "leaderboard.html")]) == 0
    return folder / "leaderboard.html"


def test_every_number_is_that_of_a_card(page_file: Path) -> None:
    text = page_file.read_text()
    card = made_up_card("strong", (0.9, 0.7, 0.60), seed=2)
    for at in card.seeds[0].radii:
        assert f"{100 * at.recall.value:.1f} <span" in text
        assert f"[{100 * at.recall.low:.1f}, {100 * at.recall.high:.1f}]" in text
    assert "ResNet &lt;50&gt;" in text and "recall@1 70.0 at ε = 8/255 (PGD)" in text
    assert "edited.json</code>: " in text and "not what was written" in text
    assert not re.search(r"(src|href)=.https?://", text)


def test_without_a_card_it_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["leaderboard", str(tmp_path / "none.json"), "--out", str(tmp_path / "page.html")]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "page.html").exists()


@pytest.fixture
def visit(page_file: Path, tmp_path: Path) -> Iterator[Visit]:
    from playwright.sync_api import sync_playwright

    if BROWSER is None:
        pytest.skip("no browser is installed")
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            tmp_path / "profile", executable_path=BROWSER, args=FLAGS.split(), viewport={"width": 1280, "height": 900}
        )
        seen = Visit(context, page_file.as_uri())
        yield seen
        assert seen.messages == []
        assert [url for url in seen.requests if not url.startswith("data:")] == [page_file.as_uri()]
        context.close()


def shown_names(visit: Visit) -> list[str]:
    heads = visit.page.locator(".board:not([hidden]) tbody tr:not([hidden]) th")
    return [name.split("\n")[0].strip() for name in heads.all_inner_texts()]


def test_ties_and_places_are_shown(visit: Visit) -> None:
    cells = visit.page.locator(".board").first.locator("tbody tr td:first-child").all_inner_texts()
    assert cells == ["1 (tie)", "1 (tie)", "3", "\N{EN DASH}"]
    strong, as_strong = right_of(0.60, 2).mean(), right_of(0.59, 3).mean()
    tied = ["ResNet <50>", "as-strong"] if strong > as_strong else ["as-strong", "ResNet <50>"]
    assert shown_names(visit)[:4] == [*tied, "weak", "flattered"]


def test_a_column_sorts(visit: Visit) -> None:
    board = visit.page.locator(".board").first
    board.get_by_role("button", name="clean").click()
    names = [name.split("\n")[0] for name in board.locator("tbody th").all_inner_texts()]
    assert names[0] == "flattered" and names[-1] == "as-strong"


def test_filters_leave_what_fits(visit: Visit) -> None:
    visit.page.select_option("#filter-dataset", "birds")
    assert shown_names(visit) == ["bird"]
    visit.page.select_option("#filter-dataset", "")
    visit.page.select_option("#filter-threat", "l2")
    assert shown_names(visit) == ["euclid"]
    visit.page.select_option("#filter-threat", "")
    visit.page.select_option("#filter-verdict", "unverified")
    assert shown_names(visit) == ["flattered"]
    assert visit.page.locator("#shown").inner_text() == "1 shown"
    visit.page.select_option("#filter-verdict", "verified")
    assert "flattered" not in shown_names(visit) and len(shown_names(visit)) == 5


def test_the_picture_has_a_point_per_model_inside_its_axes(visit: Visit) -> None:
    picture = visit.page.locator(".board").first.locator("svg")
    assert picture.locator("circle").count() == 4
    box = picture.bounding_box()
    for point in picture.locator("circle").all():
        inside = point.bounding_box()
        assert box["x"] < inside["x"] < box["x"] + box["width"] and box["y"] < inside["y"] < box["y"] + box["height"]


def test_nothing_is_wider_than_the_window(visit: Visit) -> None:
    for width in (1280, 400):
        visit.page.set_viewport_size({"width": width, "height": 900})
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
