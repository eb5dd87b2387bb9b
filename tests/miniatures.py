"""Miniature archives in the very layout of the originals, and the table of sources that describes them."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

Files = dict[str, bytes]


def photograph(seed: int, width: int = 48, height: int = 36, format: str = "JPEG", mode: str = "RGB") -> bytes:
    """A smooth random image as a file."""
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(coarse).resize((width, height)).convert(mode).save(stream, format)
    return stream.getvalue()


def tgz(files: Files) -> bytes:
    """A .tgz of the files, in their order."""
    stream = io.BytesIO()
    with gzip.GzipFile(fileobj=stream, mode="wb", mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def zipped(files: Files) -> bytes:
    """A .zip of the files, in their order, with entries for their folders as the originals have them."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for folder in dict.fromkeys(name.rsplit("/", 1)[0] for name in files if "/" in name):
            archive.writestr(f"{folder}/", b"")
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def cub_files(classes: int = 4, images: int = 3) -> Files:
    """CUB_200_2011.tgz: numbered classes; the lists count images from 1 and are not in the order of the tar."""
    names = [f"{c + 1:03d}.Bird_{'DCBA'[c % 4]}" for c in range(classes)]
    paths = [f"{name}/{name[4:]}_{i:04d}_{100 * c + i}.jpg" for c, name in enumerate(names) for i in range(images)]
    root = "CUB_200_2011"
    files = {f"{root}/images/{path}": photograph(seed) for seed, path in enumerate(paths)}
    lists = {
        "images.txt": [f"{n + 1} {path}" for n, path in enumerate(paths)],
        "image_class_labels.txt": [f"{n + 1} {n // images + 1}" for n in range(len(paths))],
        "classes.txt": [f"{c + 1} {name}" for c, name in enumerate(names)],
        "train_test_split.txt": [f"{n + 1} {n % 2}" for n in range(len(paths))],
    }
    shuffled = dict(reversed(files.items()))
    return {"attributes.txt": b"1 has_bill_shape::dagger\n"} | shuffled | _texts(root, lists)


CARS = [
    "AM General Hummer SUV 2000",
    "Ram C/V Cargo Van Minivan 2012",
    "Acura RL Sedan 2012",
    "Fisker Karma Sedan 2012",
]
CARS_PER_CLASS = 3


def cars_original() -> tuple[bytes, bytes]:
    """car_ims.tgz and cars_annos.mat: images numbered class by class, the annotations a struct array."""
    from scipy.io import savemat

    numbers = range(1, len(CARS) * CARS_PER_CLASS + 1)
    paths = {number: f"car_ims/{number:06d}.jpg" for number in numbers}
    corners = ["bbox_x1", "bbox_y1", "bbox_x2", "bbox_y2"]
    fields = [
        ("relative_im_path", object),
        *((corner, object) for corner in corners),
        ("class", object),
        ("test", object),
    ]
    annotations = np.zeros((1, len(numbers)), dtype=fields)
    for n, number in enumerate(numbers):
        annotations[0, n] = (paths[number], 1, 1, 40, 30, _car_class(number), n % 2)
    stream = io.BytesIO()
    savemat(stream, {"annotations": annotations, "class_names": np.array([CARS], dtype=object)})
    return tgz({path: _car(number) for number, path in paths.items()}), stream.getvalue()


def cars_by_class() -> bytes:
    """The mirror's zip: train and test numbered apart and out of order, folders by class name without slashes."""
    files: Files = {}
    rows: dict[str, list[str]] = {"train": [], "test": []}
    for number in reversed(range(1, len(CARS) * CARS_PER_CLASS + 1)):
        side = "test" if number % 2 else "train"
        file, name = f"{len(rows[side]) + 1:05d}.jpg", CARS[_car_class(number) - 1].replace("/", "-")
        files[f"car_data/car_data/{side}/{name}/{file}"] = _car(number)
        rows[side].append(f"{file},1,1,40,30,{_car_class(number)}")
    return zipped(
        files | _texts("", {"names.csv": CARS, **{f"anno_{side}.csv": lines for side, lines in rows.items()}})
    )


def sop_files() -> Files:
    """Stanford_Online_Products.zip: products whose official split cuts through the categories."""
    products = {"bicycle": (3, 30), "mug": (1, 7), "lamp": (2, 5), "toaster": (11, 12)}
    rows, files = {"train": [], "test": []}, {}
    image = klass = 0
    for side in range(2):
        for category, numbers in products.items():
            klass += 1
            for view in range(2 + side):
                image += 1
                path = f"{category}_final/{111000000000 + numbers[side]}_{view}.JPG"
                files[path] = photograph(1000 + image, 30 + image, 40)
                rows[("train", "test")[side]].append(f"{image} {klass} {list(products).index(category) + 1} {path}")
    head = "image_id class_id super_class_id path"
    lists = {f"Ebay_{side}.txt": [head, *lines] for side, lines in rows.items()}
    root = "Stanford_Online_Products"
    return {f"{root}/{path}": content for path, content in files.items()} | _texts(root, lists)


def in_shop_files() -> Files:
    """img.zip and list_eval_partition.txt: three items train; of two, queries and gallery are other images."""
    statuses = {
        "WOMEN/Dresses/id_00000002": ["train"] * 3,
        "MEN/Denim/id_00000080": ["train"] * 2,
        "WOMEN/Skirts/id_00000007": ["train"] * 2,
        "WOMEN/Dresses/id_00000001": ["query", "gallery", "gallery"],
        "MEN/Shirts_Polos/id_00000004": ["gallery", "query"],
    }
    rows, files = [], {}
    for folder, given in statuses.items():
        for view, status in enumerate(given):
            path = f"img/{folder}/{view + 1:02d}_{view + 1}_front.jpg"
            files[path] = photograph(4000 + len(files), 40, 40)
            rows.append(f"{path:<70} {folder[-11:]} {status}")
    lines = [str(len(rows)), "image_name item_id evaluation_status", *rows]
    return files | _texts("", {"list_eval_partition.txt": lines})


CSV_HEAD = "label,path,split,is_query,is_gallery"


def write_csv(folder: Path, rows: list[str], head: str = CSV_HEAD) -> Path:
    """A list of images beside them; each line's image is made, unless it is there."""
    folder.mkdir(parents=True, exist_ok=True)
    places = head.split(",")
    for seed, row in enumerate(rows):
        file = folder / row.split(",")[places.index("path")]
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(photograph(5000 + seed))
    (folder / "list.csv").write_text("\n".join([head, *rows]) + "\n")
    return folder / "list.csv"


def visualphish_files() -> Files:
    """Trusted and phishing pages of brands; two merge into one, one is trusted only."""
    trusted = {"paypal": 2, "microsoft": 1, "ms_outlook": 1, "unphished": 1}
    phishing = {"paypal": 3, "microsoft": 1, "ms_outlook": 2}
    files: Files = {}
    for side, brands in {"trusted_list": trusted, "phishing": phishing}.items():
        files |= _texts(f"VisualPhish/{side}", {"targets.txt": list(brands)})
        for brand, count in brands.items():
            for i in range(count):
                content = photograph(2000 + len(files), 64, 40, "PNG")
                files[f"VisualPhish/{side}/{brand}/T{list(brands).index(brand)}_{i}.png"] = content
    return files


VISUALPHISH_TRAINING = b"T0_0.png\nT2_1.png\n"


def source(images: int, classes: int, **layouts: list[dict[str, Any]]) -> dict[str, Any]:
    """One entry of a table of sources."""
    facts = {"title": "Miniature", "home": "https://example.org", "licence": "none", "citation": "Nobody, 2021"}
    return {**facts, "images": images, "classes": classes, "layouts": layouts}


def archive(file: str, content: bytes, *mirrors: str) -> dict[str, Any]:
    """One archive of a table of sources, with the size and hash of `content`."""
    digest = hashlib.sha256(content).hexdigest()
    return {"file": file, "mirrors": list(mirrors), "size": len(content), "sha256": digest, "unpacked": 10**7}


def write_class_folders(folder: Path, classes: int = 4, images: int = 3, **size: int) -> Path:
    """A user's own images: one sub-folder per class."""
    for label in range(classes):
        (folder / f"class-{label}").mkdir(parents=True)
        for number in range(images):
            (folder / f"class-{label}" / f"{number}.jpg").write_bytes(photograph(100 * label + number, **size))
    return folder


def _texts(root: str, lists: dict[str, list[str]]) -> Files:
    prefix = f"{root}/" if root else ""
    return {f"{prefix}{name}": ("\n".join(lines) + "\n").encode() for name, lines in lists.items()}


def _car_class(number: int) -> int:
    return (number - 1) // CARS_PER_CLASS + 1


def _car(number: int) -> bytes:
    return photograph(3000 + number)
