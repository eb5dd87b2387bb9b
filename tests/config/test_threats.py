from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from checkout import ROOT
from robust_dml.config import Study, load_study
from robust_dml.config.digests import stage_digests, threat_digest
from robust_dml.runtime.errors import UserError


def ci_with(folder: Path, **threats: Any) -> Study:
    """The ci study with threats."""
    content = yaml.safe_load((ROOT / "config" / "ci.yaml").read_text()) | {"threats": threats}
    (folder / "ci.yaml").write_text(yaml.safe_dump(content))
    return load_study(folder / "ci.yaml")


def test_radii_may_be_fractions_or_one(tmp_path: Path) -> None:
    study = ci_with(tmp_path, hub={"kind": "hub", "epsilon": "8/255"})
    assert study.threats["hub"].options.epsilon == [8 / 255]


@pytest.mark.parametrize(
    ("threat", "said"),
    [
        ({"kind": "query"}, "query is the threat of `attacks`"),
        ({"kind": "hubs"}, r"no such threat: hubs \(did you mean hub\?\)"),
        ({"kind": "hub", "epsilon": 8}, "8 is larger than the range of pixels"),
        ({"kind": "edits", "edits": ["snow"]}, "edits"),
        ({"kind": "edits", "severities": [6]}, "severities"),
    ],
)
def test_mistakes_end_in_one_line(tmp_path: Path, threat: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said) as raised:
        ci_with(tmp_path, one=threat)
    assert "\n" not in str(raised.value)


def test_a_threat_changes_the_digests_of_attacks_alone(tmp_path: Path) -> None:
    without, with_hub = ci_with(tmp_path), ci_with(tmp_path, hub={"kind": "hub"})
    before, after = stage_digests(without), stage_digests(with_hub)
    assert {name for name in before if before[name] != after[name]} <= {"attacks", "report"}
    other = ci_with(tmp_path, hub={"kind": "hub", "steps": 7})
    assert threat_digest(with_hub, "hub") != threat_digest(other, "hub")
