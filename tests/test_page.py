"""The page in a browser: sorts a table, switches theme, explores a query, opens a run; no error and no request."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from report.made_up_results import make_results
from robust_dml.cli import main
from robust_dml.config import load_study

HERE = Path(__file__).parent
NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)
BROWSER = next((path for name in NAMES if (path := shutil.which(name))), None)

pytestmark = pytest.mark.skipif(BROWSER is None, reason=f"no browser is installed: none of {', '.join(NAMES)}")


@pytest.fixture(scope="module")
def page_file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of made-up results, or the one that --page names."""
    if request.config.getoption("--page"):
        return Path(request.config.getoption("--page")).absolute()
    folder, study = tmp_path_factory.mktemp("page"), HERE / "report" / "study.yaml"
    shutil.copytree(HERE.parent / "config", folder / "config")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        make_results(load_study(study))
        assert main(["figures", str(study)]) == 0
        assert main(["page", str(study)]) == 0
    return folder / "results" / "made-up" / "report.html"


class Visit:
    """An open page, what it wrote to the console and what it asked for."""

    def __init__(self, context, address: str) -> None:
        self.messages: list[str] = []
        self.requests: list[str] = []
        self.page = context.new_page()
        self.page.on("console", lambda message: self.messages.append(message.text))
        self.page.on("pageerror", lambda error: self.messages.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(address)


@pytest.fixture
def visit(page_file: Path, tmp_path: Path) -> Iterator[Visit]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            tmp_path / "profile", executable_path=BROWSER, args=FLAGS.split(), viewport={"width": 1280, "height": 900}
        )
        seen = Visit(context, page_file.as_uri())
        yield seen
        assert seen.messages == []
        assert [url for url in seen.requests if not url.startswith("data:")] == [page_file.as_uri()]
        context.close()


FITS = "(box) => box.scrollWidth <= box.clientWidth + 1"


def column(visit: Visit, table: str, index: int) -> list[str]:
    script = (
        "([table, n]) => [...document.querySelectorAll(`#table-${table} tbody tr`)].map(r => r.cells[n].dataset.value)"
    )
    return visit.page.evaluate(script, [table, index])


def test_a_table_sorts_by_mouse_and_by_keyboard(visit: Visit) -> None:
    before = column(visit, "main", 3)
    head = visit.page.locator("#table-main thead tr:last-child th").nth(3)
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    values = [float(value) for value in column(visit, "main", 3) if value is not None]
    assert values == sorted(values, reverse=True)
    head.locator("button").press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    assert [float(value) for value in column(visit, "main", 3) if value is not None] == values[::-1]
    assert sorted(column(visit, "main", 3)) == sorted(before)


def test_the_theme_switches_and_changes_the_colours(visit: Visit) -> None:
    colour = "getComputedStyle(document.body).backgroundColor"
    light = visit.page.evaluate(colour)
    visit.page.get_by_role("button", name="Switch to the dark theme").click()
    dark = visit.page.evaluate(colour)
    assert sum(map(int, dark[4:-1].split(","))) < 200 < sum(map(int, light[4:-1].split(",")))
    visit.page.reload()
    assert visit.page.evaluate(colour) == dark
    visit.requests.pop()


def test_a_query_of_the_explorer_shows_its_neighbours(visit: Visit) -> None:
    tally, rows = visit.page.locator("#tally"), visit.page.locator("#neighbours tbody tr")
    first = tally.text_content()
    radios = visit.page.locator("#queries input")
    radios.nth(0).focus()
    visit.page.keyboard.press("ArrowRight")
    assert radios.nth(1).is_checked()
    assert tally.text_content() != first
    assert "under attack" in tally.text_content()
    assert rows.count() > 1
    images = rows.first.locator("img")
    assert images.count() > 4
    assert all(image.evaluate("i => i.complete && i.naturalWidth > 0") for image in images.all())
    assert all(image.get_attribute("alt") for image in images.all())


def test_a_number_opens_the_run_that_made_it(visit: Visit) -> None:
    link = visit.page.locator("#table-main tbody tr").first.locator("td a").first
    link.click()
    run = visit.page.locator(link.get_attribute("href"))
    assert run.get_attribute("open") is not None
    assert run.locator("pre").is_visible()


def test_nothing_is_wider_than_the_window_and_all_can_be_reached(visit: Visit) -> None:
    for width in (1280, 400):
        visit.page.set_viewport_size({"width": width, "height": 900})
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
        visit.page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
        visit.page.wait_for_function(f"[...document.querySelectorAll('.scroll')].every({FITS})")
    assert visit.page.locator("img:not([alt])").count() == 0
    assert visit.page.locator("h1").count() == 1
    assert visit.page.locator("th:not([scope])").count() == 0


def test_the_first_screen_has_the_finding_and_its_curve(visit: Visit) -> None:
    visit.page.set_viewport_size({"width": 1280, "height": 800})
    finding, curve = visit.page.locator(".finding"), visit.page.locator("figure.drawing img").first
    assert "beats" in finding.text_content()
    box = curve.bounding_box()
    assert finding.bounding_box()["y"] < box["y"]
    assert box["y"] + box["height"] < 800


def test_on_a_narrow_screen_the_attacked_numbers_of_a_row_come_first(visit: Visit) -> None:
    visit.page.set_viewport_size({"width": 400, "height": 800})
    visit.page.wait_for_function("document.querySelector('#table-summary table').classList.contains('stacked')")
    for row in visit.page.locator("#table-summary tbody tr").all():
        places = [
            (cell.bounding_box()["y"], cell.bounding_box()["x"], "clean" not in cell.get_attribute("class").split())
            for cell in row.locator("td").all()
        ]
        attacked = [is_attacked for *_, is_attacked in sorted(places)]
        assert attacked == sorted(attacked, reverse=True)
        assert len(set(attacked)) == 2


def test_the_explorer_begins_with_a_query_that_the_attack_breaks(visit: Visit) -> None:
    row = visit.page.locator("#neighbours tbody tr").first
    before, after = row.locator("td").nth(0), row.locator("td").nth(3)
    assert before.locator("span").first.get_attribute("class") == "right"
    firsts = [
        each.locator("td").nth(3).locator("span").first for each in visit.page.locator("#neighbours tbody tr").all()
    ]
    assert "wrong" in [first.get_attribute("class") for first in firsts]
    assert after.locator("span").count() == before.locator("span").count()


def test_claims_about_other_studies_are_folded_away(visit: Visit) -> None:
    assert visit.page.locator("section > .claims .not-tested").count() == 0
    folded = visit.page.locator("details.others")
    assert folded.get_attribute("open") is None
    assert folded.locator("li.not-tested").count() > 5
