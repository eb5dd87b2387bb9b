"""The order of imports that docs/architecture.md states is the order of the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from checkout import ROOT

PACKAGE = ROOT / "src" / "robust_dml"
TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def documented_order() -> list[str]:
    """The packages of the block below the heading, from the first to the last."""
    found = re.search(r"^## Order of imports\n.*?^```\n(.*?)^```", TEXT, flags=re.MULTILINE | re.DOTALL)
    assert found is not None
    return re.findall(r"\w+", found[1])


def test_order_has_every_package_once() -> None:
    packages = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    modules = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "__main__"}
    assert sorted(documented_order()) == sorted(packages | modules)


@pytest.mark.parametrize("package", documented_order())
def test_no_package_imports_a_later_one(package: str) -> None:
    order = documented_order()
    later = set(order[order.index(package) + 1 :])
    found = {(name, other) for name, other in imports() if name.split("/")[0] == package and other in later}
    assert found == set()


def test_a_later_package_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import robust_dml.cli\nelse:\n"
        "    from robust_dml.report import table\ntry:\n    import robust_dml.data.paths\nfinally:\n    pass\n"
        "class A:\n    from robust_dml import losses\ndef f():\n    import robust_dml.evaluation\n"
    )
    assert set(imported_packages(tmp_path / "a.py")) == {"report", "data", "losses"}


def imports() -> Iterator[tuple[str, str]]:
    """Each file, as "package/module", with a package that it imports when it is imported itself."""
    for path in PACKAGE.rglob("*.py"):
        place = path.relative_to(PACKAGE).with_suffix("").as_posix()
        yield from ((place, other) for other in imported_packages(path) if other != place.split("/")[0])


def imported_packages(path: Path) -> Iterator[str]:
    """The packages of robust_dml that a file imports outside its functions and outside TYPE_CHECKING."""
    for node in at_import(ast.parse(path.read_text(encoding="utf-8")).body):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        yield from (name.split(".")[1] for name in names if name.startswith("robust_dml.") and "__" not in name)


def at_import(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run when a module is imported."""
    for node in body:
        yield node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        checking = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for part in ("body", "handlers", "orelse", "finalbody"):
            inner = [] if checking and part == "body" else getattr(node, part, [])
            for child in inner:
                yield from at_import(child.body if isinstance(child, ast.ExceptHandler) else [child])


def test_every_noun_is_where_the_page_says() -> None:
    rows = re.findall(r"^\| `(\w+)` \|.*\| `([\w/.]+\.py)` \|$", TEXT, flags=re.MULTILINE)
    assert len(rows) > 15
    for noun, file in rows:
        tree = ast.parse((PACKAGE / file).read_text(encoding="utf-8"))
        names = {node.name for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)}
        assert noun in names, f"{noun} is not in {file}"
