"""VisualPhish: screenshots of trusted websites and of phishing pages that imitate them, one class per brand."""

from __future__ import annotations

from pathlib import Path

from robust_dml.data.index.listing import Listed, images_below
from robust_dml.records import DatasetKind
from robust_dml.runtime.errors import UserError

TRUSTED, PHISHING = "trusted_list", "phishing"
TRAINING_LIST = "visualphish-train.txt"
PARENT_BRANDS = {
    "ms_outlook": "microsoft",
    "ms_office": "microsoft",
    "ms_bing": "microsoft",
    "ms_onedrive": "microsoft",
    "ms_skype": "microsoft",
    "itunes": "apple",
    "icloud": "apple",
    "google_drive": "google",
    "aliexpress": "alibaba",
}


def list_visualphish(images: Path) -> list[Listed]:
    """List the pages of brands that are both trusted and phished; brands are merged into their parents.

    `original` trains on the trusted pages and on the phishing files of the training list.
    Source: VisualPhishDataset of the released code. Raises UserError if the lists do not fit the folders.
    """
    root = _root(images)
    brands = _targets(root / TRUSTED, "targets.txt") & _targets(root / PHISHING, "targets2.txt", "targets.txt")
    names = sorted({PARENT_BRANDS.get(brand, brand) for brand in brands})
    listed_training = set((images / TRAINING_LIST).read_text(encoding="utf-8").split())
    listed = []
    for brand in sorted(brands):
        name = PARENT_BRANDS.get(brand, brand)
        for side in (TRUSTED, PHISHING):
            for path in images_below(images, root / side / brand):
                training = side == TRUSTED or path.rsplit("/", 1)[1] in listed_training
                listed.append(Listed(path, names.index(name), name, {"original": training}))
    _require_all(listed_training, images_below(images, root / PHISHING))
    return listed


def _root(images: Path) -> Path:
    for folder in sorted(images.rglob(TRUSTED)):
        if (folder.parent / PHISHING).is_dir():
            return folder.parent
    raise UserError(f"{images}: no folder with {TRUSTED} and {PHISHING} side by side; see docs/datasets.md")


def _targets(folder: Path, *names: str) -> set[str]:
    """Return the brands of the first list that is there, else the names of the folders."""
    for name in names:
        if (folder / name).exists():
            lines = (folder / name).read_text(encoding="utf-8").splitlines()
            return {line.strip() for line in lines if line.strip()}
    return {path.name for path in folder.iterdir() if path.is_dir()}


def _require_all(wanted: set[str], phishing: list[str]) -> None:
    missing = sorted(wanted - {path.rsplit("/", 1)[1] for path in phishing})
    if missing:
        raise UserError(f"{TRAINING_LIST}: {len(missing)} of its files are not in {PHISHING}, such as {missing[0]}")


ENTRY = DatasetKind(
    label="VisualPhish",
    summary="screenshots of trusted websites and of the phishing pages that imitate them",
    origin="archives",
    list=list_visualphish,
    splits=("original",),
)
