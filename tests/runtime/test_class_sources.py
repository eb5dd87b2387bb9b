"""Classes read from the sources of a package."""

from __future__ import annotations

from pathlib import Path

import pytest

from robust_dml.runtime.class_sources import NOT_LITERAL, REQUIRED, find_class

BASE = """
class Base:
    def __init__(self, size, weight=1.0, module=None, **kwargs):
        self.size = size
"""
CHILD = """
from ..base import Base
LIMIT = 3

class Child(Base):
    def __init__(self, alpha, beta=2, gamma=LIMIT, *, names=("a",), **kwargs):
        super().__init__(size=4, **kwargs)
        self.table = Parameter(alpha)

class Closed(Base):
    def __init__(self, alpha=1):
        super().__init__(3)

class Same(Child):
    pass
"""


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package that must not be imported, with a base class in one module and its children in another."""
    folder = tmp_path / "some_library"
    (folder / "losses").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise RuntimeError('imported')", encoding="utf-8")
    (folder / "base.py").write_text(BASE, encoding="utf-8")
    (folder / "losses" / "__init__.py").write_text("from .child import Child, Closed, Same", encoding="utf-8")
    (folder / "losses" / "child.py").write_text(CHILD, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    return "some_library.losses"


def test_parameters_of_a_class_and_of_its_bases(library: str) -> None:
    child, closed, same = (find_class(library, name) for name in ("Child", "Closed", "Same"))
    assert child is not None and closed is not None and same is not None
    expected = {"alpha": REQUIRED, "beta": 2, "gamma": NOT_LITERAL, "names": ("a",), "weight": 1.0}
    assert child.parameters() == same.parameters() == expected
    assert closed.parameters() == {"alpha": 1}


def test_ancestors_and_assignments(library: str) -> None:
    same, closed = find_class(library, "Same"), find_class(library, "Closed")
    assert same is not None and closed is not None
    assert same.inherits("Base") and same.inherits("Child") and not same.inherits("Closed")
    assert same.assigns("Parameter") and not closed.assigns("Parameter")


def test_names_that_do_not_exist(library: str) -> None:
    assert find_class(library, "Base") is None
    assert find_class("no_such_library", "Child") is None
