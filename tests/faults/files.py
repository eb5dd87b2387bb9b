"""Mutated files through every reader: each is refused in one line, or read as what it still says."""

from __future__ import annotations

import io
import random
import shutil
import tarfile
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from faults.pipeline import ATTACKS, FILE, MODEL, MODELS
from robust_dml.config import load_study
from robust_dml.data import open_dataset
from robust_dml.data.archives.unpack import unpack
from robust_dml.data.decode import decode
from robust_dml.data.index.file import read_index
from robust_dml.evaluation.attacked import load_attacked
from robust_dml.evaluation.trained import verified_model
from robust_dml.models.weights import read_weights
from robust_dml.report.results import Results
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.sealed import read_sealed

MUTATIONS = ("flip", "byte", "cut", "delete", "repeat", "zeros", "noise", "digit")


@dataclass(frozen=True)
class Reader:
    """A file of a finished study, and what reads it; `sure` readers notice every change of content."""

    name: str
    path: Path
    read: Callable[[Path], object]
    sure: bool = True


def readers(folder: Path) -> list[Reader]:
    """Return every reader with a file in `folder`, where a finished study lies and is the working folder."""
    study = load_study(folder / FILE)
    data = study.data_root / "digits"
    (state,) = sorted(Path("state/ci/train", MODEL.path).rglob("state-*-*.safetensors"))[-1:]
    return [
        Reader("index", next(data.parent.rglob("index.csv")), _index, sure=False),
        Reader("record of packed images", next(data.parent.rglob("store.json")), lambda path: _dataset(study), False),
        Reader("model", MODELS / "model.safetensors", lambda path: verified_model(study, MODEL)),
        Reader("record of a model", MODELS / "run.json", lambda path: Results(study).model_record(MODEL)),
        Reader("history", MODELS / "history.csv", lambda path: Results(study).history(MODEL)),
        Reader("attacked queries", sorted((ATTACKS / "embeddings").iterdir())[0], _attacked),
        Reader("scores", ATTACKS / "pgd-0.1.json", read_sealed),
        Reader("checks", ATTACKS / "checks.json", lambda path: Results(study).findings(MODEL)),
        Reader("record of attacks", ATTACKS / "run.json", lambda path: Results(study).attack_record(MODEL)),
        Reader("examples", ATTACKS / "examples.npz", lambda path: bool(Results(study).examples(MODEL.model))),
        Reader("metrics", Path("results/ci/metrics.csv"), lambda path: Results(study).rows),
        Reader("weights of the user's own", shutil.copy(state, folder / "own.safetensors"), _weights, sure=False),
        Reader("study", folder / FILE, load_study, sure=False),
        *_inputs(folder),
    ]


def _inputs(folder: Path) -> list[Reader]:
    """Images and archives, whose formats have no hash of their own; archives are checked by the lists of sources."""
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (24, 24, 3), dtype=np.uint8))
    for suffix in ("png", "jpg", "tif", "webp", "bmp"):
        image.save(folder / f"image.{suffix}")
    with tarfile.open(folder / "archive.tgz", "w:gz") as tar, zipfile.ZipFile(folder / "archive.zip", "w") as packed:
        for number in range(3):
            member = tarfile.TarInfo(f"birds/{number}.txt")
            member.size = 500
            tar.addfile(member, io.BytesIO(bytes([number]) * 500))
            packed.writestr(f"birds/{number}.txt", bytes([number]) * 500)
    images = [
        Reader(f"image ({s})", folder / f"image.{s}", _image, False) for s in ("png", "jpg", "tif", "webp", "bmp")
    ]
    return [*images, *(Reader(f"archive ({s})", folder / f"archive.{s}", _archive, False) for s in ("tgz", "zip"))]


def mutated(content: bytes, draws: random.Random) -> bytes:
    """Return the content with one random fault."""
    kind, place = draws.choice(MUTATIONS), draws.randrange(len(content))
    length = min(draws.choice([1, 7, 64, 1000]), len(content) - place)
    before, after = content[:place], content[place + length :]
    if kind == "flip":
        return before + bytes([content[place] ^ (1 << draws.randrange(8))]) + content[place + 1 :]
    if kind == "byte":
        return before + bytes([draws.randrange(256)]) + content[place + 1 :]
    if kind == "digit":
        digits = [position for position, byte in enumerate(content[:100_000]) if chr(byte).isdigit()]
        place = draws.choice(digits) if digits else place
        return content[:place] + b"%d" % draws.randrange(10) + content[place + 1 :]
    middle = {
        "cut": b"",
        "delete": b"",
        "repeat": 2 * content[place : place + length],
        "zeros": bytes(length),
        "noise": draws.randbytes(length),
    }[kind]
    return before + middle + (b"" if kind == "cut" else after)


def fuzz(reader: Reader, count: int, seed: int) -> Counter[str]:
    """Read `count` mutated files; count what became of each. An outcome other than the first three is a mistake."""
    found: Counter[str] = Counter()
    content, draws = reader.path.read_bytes(), random.Random(f"{seed} {reader.name}")
    original = reader.read(reader.path)
    try:
        for _ in range(count):
            changed = mutated(content, draws)
            reader.path.write_bytes(changed)
            found[_outcome(reader, original)] += 1
    finally:
        reader.path.write_bytes(content)
    return found


def _outcome(reader: Reader, original: object) -> str:
    try:
        read = reader.read(reader.path)
    except UserError as error:
        return "refused" if "\n" not in str(error) else f"more than one line: {error}"
    except OSError as error:
        return "refused" if error.strerror else f"crashed: {error!r}"
    except Exception as error:
        return f"crashed: {type(error).__name__}: {error}"
    if read == original:
        return "same content"
    return "read as something else, and wrong" if reader.sure else "another valid input"


GOOD = frozenset({"refused", "same content", "another valid input"})


def fuzz_all(count: int, seed: int) -> dict[str, dict[str, int]]:
    """Make a study, then try `count` faults on each of its files."""
    import tempfile

    import pytest

    from faults.pipeline import run_all, write_study

    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        write_study(Path(folder))
        run_all()
        return {reader.name: dict(fuzz(reader, count, seed)) for reader in readers(Path(folder))}


def _index(path: Path) -> object:
    index = read_index(path)
    return index.paths, index.labels.tolist(), index.widths.tolist(), index.heights.tolist()


def _dataset(study: object) -> object:
    return open_dataset(study.datasets["digits"], study.data_root).sha256  # type: ignore[attr-defined]


def _attacked(path: Path) -> object:
    found = load_attacked(path)
    return found.origin, found.embeddings.tobytes(), found.norm.tobytes(), found.images.tobytes()


def _weights(path: Path) -> object:
    return {name: tensor.numpy().tobytes() for name, tensor in read_weights(path).items()}


def _image(path: Path) -> object:
    return decode(path).tobytes()


def _archive(path: Path) -> object:
    folder = path.parent / "unpacked"
    shutil.rmtree(folder, ignore_errors=True)
    before = set(path.parent.parent.iterdir())
    unpack(path, folder, 1500)
    assert before == set(path.parent.parent.iterdir()), "written outside"
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
