"""Find a thing by its name: a registry is a folder, and each file in it that assigns ENTRY owns one record.

Nothing is listed by hand: a new file in the folder is a new name. The same key takes `package.module:NAME`, a record
or a plain function of the user's own, from a file beside the study or from an installed package.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, Generic, TypeVar

from robust_dml.runtime.errors import UserError
from robust_dml.runtime.suggestion import did_you_mean

R = TypeVar("R")

_ENTRY = re.compile(r"^ENTRY(: [^=]+)? = ", re.MULTILINE)


class Registry(Generic[R]):
    """The records of one kind, by name; `what` is what a message calls an entry, such as "optimiser".

    `package` is the folder. `adopt` makes a record from a plain function or class of the user's. `fallback` names a
    module whose function `find(name)` returns the record of a library's class, or None.
    """

    def __init__(
        self,
        what: str,
        package: str,
        record: type[R],
        *,
        adopt: Callable[[str, Any], R] | None = None,
        fallback: str | None = None,
    ) -> None:
        self.what, self.package, self.record = what, package, record
        self.adopt, self.fallback = adopt, fallback

    @cached_property
    def names(self) -> list[str]:
        """The names of the package's own entries, sorted."""
        folder = Path(__file__).parent.joinpath(*self.package.split(".")[1:])
        files = (file for file in folder.glob("*.py") if _ENTRY.search(file.read_text(encoding="utf-8")))
        return sorted(file.stem.replace("_", "-") for file in files)

    def load(self, name: str) -> R:
        """Return the record of a name. Raises UserError that lists the known names if there is none."""
        if name in self.names:
            return self._checked(name, import_module(self._own_module(name)).ENTRY)
        head, separator, argument = name.partition(":")
        if separator and head in self.names:
            return self._checked(name, import_module(self._own_module(head)).find(argument))
        if separator:
            return self._foreign(name, head, argument)
        found = import_module(self.fallback).find(name) if self.fallback else None
        if found is None:
            raise UserError(f"no such {self.what}: {name}{self._hint(name)}")
        return self._checked(name, found)

    def module(self, name: str) -> str:
        """Return the dotted name of the module that owns an entry: the code that a job depends on."""
        head, separator, _ = name.partition(":")
        if head in self.names:
            return self._own_module(head)
        return head if separator or self.fallback is None else self.fallback

    def _own_module(self, name: str) -> str:
        return f"{self.package}.{name.replace('-', '_')}"

    def _foreign(self, name: str, module: str, attribute: str) -> R:
        try:
            found = getattr(import_module(module), attribute)
        except Exception as error:  # whatever the user's module raises
            reason = f"{type(error).__name__}: {error}"
            raise UserError(f"{self.what} {name}: cannot be imported ({' '.join(reason.split())})") from error
        if isinstance(found, self.record):
            return found
        if self.adopt is None or not callable(found):
            raise UserError(f"{self.what} {name}: expected a {self.record.__name__}, found {type(found).__name__}")
        return self.adopt(name, found)

    def _checked(self, name: str, found: Any) -> R:
        if not isinstance(found, self.record):
            raise UserError(f"{self.what} {name}: expected a {self.record.__name__}, found {type(found).__name__}")
        return found

    def _hint(self, name: str) -> str:
        return f"{did_you_mean(name, self.names)}; known are {', '.join(self.names)}, and MODULE:NAME of your own"


def find_modules_in(*folders: Path) -> None:
    """Let `module:NAME` find modules in these folders; installed modules come first."""
    for folder in folders:
        place = str(folder.resolve())
        if place not in sys.path:
            sys.path.append(place)
