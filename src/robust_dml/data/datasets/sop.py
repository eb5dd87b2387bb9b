"""Stanford Online Products: Ebay_train.txt and Ebay_test.txt name every image, its product and its category."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from robust_dml.data.index.listing import Listed
from robust_dml.records import DatasetKind

FOLDER = "Stanford_Online_Products"

# The order of the released code, which the sorted split halves; note mug before lamp. Inside a category the code
# takes products in the order in which the file system lists them; here it is the order of their numbers.
CATEGORIES = [
    *("bicycle", "cabinet", "chair", "coffee_maker", "fan", "kettle"),
    *("mug", "lamp", "sofa", "stapler", "table", "toaster"),
]


class _Row(NamedTuple):
    path: str  # such as bicycle_final/111085122871_0.JPG
    training: bool  # in the official split

    @property
    def product(self) -> tuple[int, int]:
        """Return the place of the product in the order of the released code: by category, then by number."""
        category, name = self.path.split("/")
        return CATEGORIES.index(category.removesuffix("_final")), int(name.split("_")[0])


def list_sop(images: Path) -> list[Listed]:
    """List the images, one class per product; `official` is the split of the two lists."""
    rows = [*_rows(images / FOLDER / "Ebay_train.txt", True), *_rows(images / FOLDER / "Ebay_test.txt", False)]
    products = [row.product for row in rows]
    labels = {product: label for label, product in enumerate(sorted(set(products)))}
    return [
        Listed(f"{FOLDER}/{row.path}", labels[product], _name(product), {"official": row.training})
        for row, product in zip(rows, products, strict=True)
    ]


def _name(product: tuple[int, int]) -> str:
    return f"{CATEGORIES[product[0]]}_{product[1]}"


def _rows(file: Path, training: bool) -> list[_Row]:
    lines = file.read_text(encoding="utf-8").splitlines()[1:]
    return [_Row(line.split()[3], training) for line in lines if line.strip()]


ENTRY = DatasetKind(
    label="SOP",
    summary="120,053 photographs of 22,634 products of an online shop (Stanford Online Products)",
    origin="archives",
    list=list_sop,
    splits=("official",),
)
