"""The code that a job runs: the modules it can reach by imports, and a digest of what they compute.

The digest is taken over syntax trees without comments, docstrings and formatting, so that editing words runs no
job again. All imports are followed, also those in functions, except those under TYPE_CHECKING, which never run. Records
are found by name and not by import, so a job names the modules of the entries it uses.
"""

from __future__ import annotations

import ast
import hashlib
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

PACKAGE = "robust_dml"


@cache
def code_digest(*modules: str) -> str:
    """Return a hash of all code that these modules can reach, 16 hexadecimal digits."""
    found = {module: _syntax_digest(path) for module, path in reachable(modules).items()}
    return hashlib.sha256("\n".join(f"{name} {found[name]}" for name in sorted(found)).encode()).hexdigest()[:16]


def reachable(modules: Iterable[str]) -> dict[str, Path]:
    """Return, by module, the files of these modules and of their imports within this package or beside them."""
    found: dict[str, Path] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        path = None if name in found else source_of(name)
        if path is not None:
            found[name] = path
            waiting += [other for other in _imports(path, name) if _is_ours(other, name)]
            waiting += _parents(name)
    return found


def own_sources(module: str) -> dict[str, str]:
    """Return the hashes of the user's modules that a module needs; a new version of this package changes none."""
    files = {name: file for name, file in reachable([module]).items() if name.split(".")[0] != PACKAGE}
    return {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in files.items()}


@cache
def source_of(module: str) -> Path | None:
    """Return the Python file of a module without running it; None for what is no module or has no source."""
    if module.split(".")[0] == PACKAGE:
        place = Path(__file__).parents[1].joinpath(*module.split(".")[1:])
        files = (place.with_suffix(".py"), place / "__init__.py")
        return next((file for file in files if file.is_file()), None)
    try:
        spec = find_spec(module)
    except (ImportError, ValueError, AttributeError):
        return None
    return Path(spec.origin) if spec and spec.origin and spec.origin.endswith(".py") else None


def _is_ours(imported: str, importer: str) -> bool:
    """Return whether an import is followed: into this or the importer's package, or a file beside the importer."""
    root, own = imported.split(".")[0], importer.split(".")[0]
    if root in (PACKAGE, own):
        return True
    if own == PACKAGE or root in sys.stdlib_module_names:
        return False
    mine, theirs = source_of(own), source_of(root)
    if mine is None or theirs is None:
        return False
    return theirs.parent == mine.parent and "site-packages" not in theirs.parts


def _parents(module: str) -> Iterator[str]:
    parts = module.split(".")
    yield from (".".join(parts[:count]) for count in range(1, len(parts)))


@cache
def _imports(path: Path, module: str) -> tuple[str, ...]:
    """Return the names that a file imports; of `from a import b` both a and a.b, since b may be a module."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    names: list[str] = []
    for node in _running(_tree(path)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, package)
            names += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return tuple(dict.fromkeys(names))


def _absolute(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    return ".".join([*parts[: len(parts) - node.level + 1], *([node.module] if node.module else [])])


def _running(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield every node but those under `if TYPE_CHECKING:`."""
    for child in ast.iter_child_nodes(tree):
        yield child
        if isinstance(child, ast.If) and _names_type_checking(child.test):
            for other in child.orelse:
                yield other
                yield from _running(other)
        else:
            yield from _running(child)


def _names_type_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


@cache
def _tree(path: Path) -> ast.Module:
    """Parse a file and drop its docstrings."""
    tree = ast.parse(path.read_bytes(), filename=str(path))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = _without_words(node.body)
    return tree


@cache
def _syntax_digest(path: Path) -> str:
    return hashlib.sha256(ast.dump(_tree(path)).encode()).hexdigest()


def _without_words(body: list[ast.stmt]) -> list[ast.stmt]:
    """Drop the strings that stand alone in a body: docstrings, also those of attributes."""
    return [node for node in body if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))]
