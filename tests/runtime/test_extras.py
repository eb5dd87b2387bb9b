from __future__ import annotations

import tomllib
from importlib import import_module
from typing import get_args

import pytest

from checkout import ROOT
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.extras import Extra, from_extra


def test_what_is_absent_ends_in_the_line_that_installs_it() -> None:
    with (
        pytest.raises(
            UserError, match=r"a page: the package nowhere_at_all is not installed; run: pip install .*\[rep"
        ),
        from_extra("report", "a page"),
    ):
        import_module("nowhere_at_all")


def test_what_is_there_is_imported() -> None:
    with from_extra("report", "a page"):
        found = import_module("json")
    assert found.loads("1") == 1


def test_every_extra_that_a_message_names_is_one_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert set(get_args(Extra)) <= set(project["optional-dependencies"])
