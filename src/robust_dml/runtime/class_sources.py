"""Read the classes of an installed package from its sources: importing the package itself would take seconds."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

REQUIRED = object()
"""The default of a parameter that has none."""

NOT_LITERAL = object()
"""The default of a parameter whose source is an expression."""


@dataclass(frozen=True)
class SourceClass:
    """A class as its source file defines it."""

    name: str
    file: Path

    @cached_property
    def _tree(self) -> ast.Module:
        return _parsed(self.file)

    @cached_property
    def _node(self) -> ast.ClassDef:
        return next(node for node in self._tree.body if isinstance(node, ast.ClassDef) and node.name == self.name)

    @cached_property
    def bases(self) -> list[SourceClass]:
        """The base classes that the same package defines."""
        names = [base.id for base in self._node.bases if isinstance(base, ast.Name)]
        files = {name: _file_of(name, self.file) for name in names}
        return [SourceClass(name, file) for name, file in files.items() if file is not None]

    def inherits(self, name: str) -> bool:
        """Return whether a class of this name is among its ancestors."""
        return any(base.name == name or base.inherits(name) for base in self.bases)

    def parameters(self) -> dict[str, Any]:
        """Return what the constructor takes by keyword, with its default; REQUIRED and NOT_LITERAL stand for others.

        A base class's parameters count where the constructor hands `**kwargs` on, but for those that it sets itself
        and those that are None by default: these take an object of the package.
        """
        constructor = self._constructor
        own = {} if constructor is None else _own_parameters(constructor)
        if constructor is not None and constructor.args.kwarg is None:
            return own
        inherited = {key: value for base in self.bases for key, value in base.parameters().items()}
        if constructor is None:
            return inherited
        fixed = _set_in_super(constructor)
        return own | {k: v for k, v in inherited.items() if k not in fixed | own.keys() and v is not None}

    def assigns(self, function: str) -> bool:
        """Return whether it or an ancestor always assigns a call of `function`, such as Parameter, when constructed."""
        constructor = self._constructor
        statements = constructor.body if constructor is not None else []
        own = any(isinstance(line, ast.Assign) and _calls(line.value, function) for line in statements)
        return own or any(base.assigns(function) for base in self.bases)

    @property
    def _constructor(self) -> ast.FunctionDef | None:
        functions = (node for node in self._node.body if isinstance(node, ast.FunctionDef))
        return next((function for function in functions if function.name == "__init__"), None)


def find_class(package: str, name: str) -> SourceClass | None:
    """Return a class that the `__init__` of a package such as `library.losses` imports from its own modules."""
    top, *below = package.split(".")
    spec = find_spec(top)
    if spec is None or spec.origin is None:
        return None
    file = _file_of(name, Path(spec.origin).parent.joinpath(*below, "__init__.py"))
    return None if file is None else SourceClass(name, file)


@cache
def _parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def _file_of(name: str, file: Path) -> Path | None:
    """Return the file that defines a class which a module defines or imports by a relative import."""
    for node in _parsed(file).body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            return file
        if isinstance(node, ast.ImportFrom) and node.level and name in (alias.name for alias in node.names):
            target = _imported_file(file, node)
            return None if target is None else _file_of(name, target)
    return None


def _imported_file(file: Path, node: ast.ImportFrom) -> Path | None:
    folder = file.parents[node.level - 1].joinpath(*(node.module or "").split("."))
    candidates = (folder.with_suffix(".py"), folder / "__init__.py")
    return next((candidate for candidate in candidates if candidate.is_file() and candidate != file), None)


def _own_parameters(constructor: ast.FunctionDef) -> dict[str, Any]:
    positional = constructor.args.args[1:]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(constructor.args.defaults))
    pairs = [
        *zip(positional, [*defaults, *constructor.args.defaults], strict=True),
        *zip(constructor.args.kwonlyargs, constructor.args.kw_defaults, strict=True),
    ]
    return {argument.arg: _default(expression) for argument, expression in pairs}


def _default(expression: ast.expr | None) -> Any:
    if expression is None:
        return REQUIRED
    try:
        return ast.literal_eval(expression)
    except ValueError:
        return NOT_LITERAL


def _set_in_super(constructor: ast.FunctionDef) -> set[str]:
    calls = (node for node in ast.walk(constructor) if isinstance(node, ast.Call) and _calls(node, "__init__"))
    return {keyword.arg for call in calls for keyword in call.keywords if keyword.arg is not None}


def _calls(node: ast.expr, function: str) -> bool:
    if not isinstance(node, ast.Call):
        return False
    return getattr(node.func, "attr", getattr(node.func, "id", None)) == function
