"""docs/study.md is what the typed model says."""

from pathlib import Path

from robust_dml.config.document import study_markdown

PAGE = Path(__file__).parents[2] / "docs" / "study.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == study_markdown() + "\n", "run: robust-dml schema --markdown > docs/study.md"


def test_every_section_stands_once() -> None:
    headings = [line for line in study_markdown().splitlines() if line.startswith("## ")]
    assert len(headings) == len(set(headings))
    assert {"## Study", "## DatasetConfig", "## AttackConfig", "## TrainingAttackConfig"} <= set(headings)
