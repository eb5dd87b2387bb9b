"""The page without a browser: one file, no address in it, and every number that of metrics.csv."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from report.naive import Naive
from robust_dml.cli import main
from robust_dml.report.catalogue import figure_files
from robust_dml.report.results import Results


class Tables(HTMLParser):
    """The cells of every table: (table, labels, column key) to the value behind the printed number."""

    def __init__(self) -> None:
        super().__init__()
        self.cells: dict[tuple[str, tuple[str, ...], str], tuple[float, str, str]] = {}
        self.anchors: set[str] = set()
        self.links: set[str] = set()
        self.table = ""

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in pairs}
        self.anchors |= {attributes["id"]} if "id" in attributes else set()
        self.links |= {attributes["href"][1:]} if attributes.get("href", "").startswith("#") else set()
        if tag == "figure" and "table" in attributes.get("class", "").split():
            self.table, self.keys = attributes["id"].removeprefix("table-"), []
        elif tag == "th" and "data-key" in attributes:
            self.keys.append(attributes["data-key"])
        elif tag == "tr":
            self.labels, self.column, self.text, self.value = [], -1, "", None
        elif tag in ("td", "th"):
            self.text, self.href, self.number = "", "", None
            self.kind = "label" if attributes.get("scope") == "row" else tag
            self.value = float(attributes["data-value"]) if "data-value" in attributes else None
        elif tag == "a" and not self.href:
            self.href = attributes.get("href", "")

    href, text, kind, number = "", "", "", None

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self.number is None:
            self.number = self.text
        if tag == "figure":
            self.table = ""
        if not self.table or tag not in ("td", "th"):
            return
        if self.kind == "label":
            self.labels.append(self.text.strip())
        elif tag == "td" and self.labels:
            self.column += 1
            if self.value is not None:
                key = (self.table, tuple(self.labels), self.keys[self.column])
                self.cells[key] = (self.value, self.number or "", self.href)


@pytest.fixture
def page(results: Results, seconds_to_draw: float, study_file: Path) -> str:
    path = results.folder / "report.html"
    if not path.exists():
        assert main(["page", str(study_file)]) == 0
    return path.read_text(encoding="utf-8")


@pytest.fixture
def parsed(page: str) -> Tables:
    tables = Tables()
    tables.feed(page)
    return tables


def test_every_number_is_recomputed_from_metrics_csv(parsed: Tables) -> None:
    naive = Naive()
    assert len(parsed.cells) > 500
    for (table, labels, key), (value, text, _) in parsed.cells.items():
        mean, spread = naive.expected(table, list(labels), key)
        assert value == pytest.approx(mean, abs=1e-9)
        digits = 2 if key.endswith("fold") or key.startswith("fold") else 1
        shown, width = text.replace("\N{MINUS SIGN}", "-").split(" ± ")
        assert float(shown) == pytest.approx(mean, abs=0.5 * 10**-digits + 1e-9)
        assert float(width) == pytest.approx(spread, abs=0.5 * 10**-digits + 1e-9)


def test_every_number_links_to_the_run_that_made_it(parsed: Tables, page: str) -> None:
    for (_, labels, _), (_, _, href) in parsed.cells.items():
        assert href.startswith(f"#run-{labels[0]}-{labels[1]}-")
    assert parsed.links <= parsed.anchors
    for fact in ("0123456789", "2025-01-02 03:04:05 UTC", "cpu (made up)", "weight_decay"):
        assert fact in page


def test_it_is_one_file_that_asks_nothing_of_a_network(page: str) -> None:
    assert len(page) < 15_000_000
    assert not re.findall(r"(?:src|href|url)\s*[=(]\s*[\"']?(?!data:|#|\$|&)[^\s\"'>]", page.split("<script")[0])
    assert not re.findall(r"https?://", re.sub(r"Source: [^<]*", "", page))
    assert "default-src 'none'" in page


def test_the_explorer_holds_each_kept_query_under_each_model(page: str, results: Results) -> None:
    text = re.search(r'id="explorer-data">(.*?)</script>', page, re.DOTALL)
    data = json.loads(text[1])
    assert list(data) == ["digits"]
    queries = data["digits"]["queries"]
    assert len(queries) == data["digits"]["kept"] == results.study.report.examples
    for query in queries:
        assert len(query["models"]) == 13
        for model in query["models"]:
            names = [*model["clean"], *model["attacked"], model["adversarial"], f"{model['adversarial']}-change"]
            assert all(data["digits"]["images"][str(name)]["uri"].startswith("data:image/png") for name in names)


def test_the_same_results_give_the_same_page(page: str, results: Results, study_file: Path) -> None:
    assert main(["page", str(study_file)]) == 0
    assert (results.folder / "report.html").read_text(encoding="utf-8") == page


def test_a_missing_figure_is_one_line(page: str, results: Results, study_file: Path, capsys) -> None:
    path = figure_files(results.study, "slot")[-1]
    kept = path.read_bytes()
    path.unlink()
    try:
        assert main(["page", str(study_file)]) == 1
        assert "slot.png: not drawn yet" in capsys.readouterr().err
    finally:
        path.write_bytes(kept)
