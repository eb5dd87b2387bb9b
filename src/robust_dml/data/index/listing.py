"""What a dataset's own lists say of its images, before any of them is opened."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Listed:
    """One image: its path below the images folder, its class, and its side in the splits of its own dataset."""

    path: str
    label: int
    class_name: str
    sides: dict[str, bool] = field(default_factory=dict)  # split -> training


def list_class_folders(images: Path, extensions: frozenset[str]) -> list[Listed]:
    """One sub-folder per class, classes numbered by the sorted names of the folders that hold images (code points)."""
    folders = sorted(path for path in images.iterdir() if path.is_dir() and not path.name.startswith("."))
    paths = {folder.name: images_below(images, folder, extensions) for folder in folders}
    classes = [name for name, found in paths.items() if found]
    return [Listed(path, label, name) for label, name in enumerate(classes) for path in paths[name]]


def images_below(root: Path, folder: Path, extensions: frozenset[str]) -> list[str]:
    """Paths from `root` of the image files anywhere below `folder`, sorted by code point."""
    files = (file for file in folder.rglob("*") if file.suffix.lower() in extensions)
    return sorted(file.relative_to(root).as_posix() for file in files if not file.name.startswith("."))
