import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditing.photographs import ENCODERS, make_photographs


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working folder with encoders and photographs."""
    (tmp_path / "encoders.py").write_text(ENCODERS)
    make_photographs(tmp_path / "photos")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    sys.modules.pop("encoders", None)
    yield tmp_path
    sys.modules.pop("encoders", None)
