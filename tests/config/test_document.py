"""docs/study.md is what the typed model and the records say."""

from pathlib import Path

import pytest

from robust_dml.config.document import NAMED, study_markdown
from robust_dml.registry import Registry

PAGE = Path(__file__).parents[2] / "docs" / "study.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == study_markdown() + "\n", "run: robust-dml schema --markdown > docs/study.md"


def test_every_section_appears_once() -> None:
    headings = [line for line in study_markdown().splitlines() if line.startswith("## ")]
    assert len(headings) == len(set(headings))
    assert {"## Study", "## DatasetConfig", "## AttackConfig", "## TrainingAttackConfig"} <= set(headings)


@pytest.mark.parametrize("registry", NAMED, ids=lambda registry: registry.what)
def test_every_name_and_option_of_a_registry_is_described(registry: Registry) -> None:  # type: ignore[type-arg]
    page = study_markdown().split(f"## Names: {registry.what}\n")[1].split("\n## ")[0]
    for name in registry.names:
        record = registry.load(name)
        assert f"| `{name}` | {record.summary} |" in page
        for option, field in getattr(record, "options", type("None", (), {"model_fields": {}})).model_fields.items():
            (line,) = [line for line in page.splitlines() if line.startswith(f"| `{name}` | `{option}` |")]
            assert field.description and field.description in line
            assert ("required" in line.split(" | ")[3]) == field.is_required()


def test_every_key_of_a_section_is_listed_with_its_default() -> None:
    page = study_markdown()
    assert "| `epsilon` | float | `0.01` | radius of the perturbation" in page
    assert "| `batch` | int | `128` | queries that are attacked at a time |" in page
    assert "| `pgd` | `steps` | int | required | gradient steps of each restart |" in page
    assert "| `pgd` | `restarts` | int | `1` | random starts, the best of which is kept |" in page
