"""Packages that only an extra of this package brings, and the line that says which."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from robust_dml.runtime.errors import UserError

Extra = Literal["demo", "report"]


@contextmanager
def from_extra(extra: Extra, what: str) -> Iterator[None]:
    """Import within this what `extra` installs. Raises UserError that says how to install it if it is absent.

    `what` names what needs the package, at the beginning of the message.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise UserError(f"{what}: {lacks(error.name or '', extra)}") from error


def lacks(package: str, extra: Extra) -> str:
    """Return the words for a package that is absent, with the command that installs it."""
    return f"the package {package} is not installed; run: pip install 'robust-dml[{extra}]'"
