"""config/datasets.yaml: where the archives come from, and their sizes and hashes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from robust_dml.config.load import read_yaml
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.section import Section, explain

ARCHIVES = "archives"


class Archive(Section):
    """One file; each size and hash that is given is verified."""

    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    mirrors: list[Annotated[str, Field(pattern=r"^https?://")]] = Field([], description="tried in this order")
    ask: str = Field("", description="where a person gets the file, if it cannot be downloaded")
    size: int | None = Field(None, gt=0, description="in bytes")
    sha256: str | None = Field(None, pattern="^[0-9a-f]{64}$")
    md5: str | None = Field(None, pattern="^[0-9a-f]{32}$")
    unpacked: int = Field(gt=0, description="bytes that it may unpack to, at most")


class Source(Section):
    """One dataset."""

    title: str
    home: str
    licence: str
    citation: str
    images: int | None = Field(None, gt=0, description="images after unpacking, where they are known")
    classes: int | None = Field(None, gt=0)
    layouts: dict[str, Annotated[list[Archive], Field(min_length=1)]] = Field(min_length=1)


def load_sources(path: Path) -> dict[str, Source]:
    """Load the table of sources, by kind of dataset. Raises UserError if it cannot be read."""
    content = read_yaml(
        path, "the table of sources", hint="name it as `sources` of the study; the project's is config/datasets.yaml"
    )
    try:
        return TypeAdapter(dict[str, Source]).validate_python(content)
    except ValidationError as error:
        raise UserError(f"{path}: {explain(error)}") from error


def load_source(path: Path, kind: str) -> Source:
    """Load the source of one kind of dataset. Raises UserError if the table cannot be read or does not have it."""
    table = load_sources(path)
    if kind not in table:
        raise UserError(f"{path}: no entry {kind}; the table has {', '.join(table) or 'none'}")
    return table[kind]


def archives_folder(data_root: Path) -> Path:
    """Return the folder of archives as they were downloaded, or as the user put them there."""
    return data_root / ARCHIVES


def chosen_layout(source: Source, data_root: Path) -> list[Archive]:
    """Return the archives of the first layout that is all there, else of the first layout."""
    folder = archives_folder(data_root)
    layouts = list(source.layouts.values())
    there = (layout for layout in layouts if all((folder / archive.file).exists() for archive in layout))
    return next(there, layouts[0])
