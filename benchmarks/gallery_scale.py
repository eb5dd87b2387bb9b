"""Search in a large gallery: exact against approximate indices of faiss; the figures of docs/scale.md.

python -m benchmarks.gallery_scale [--images 1000000] [--queries 10000] [--threads 2]

Two synthetic galleries of unit vectors in 128 dimensions: `classes`, 50 images around each of images / 50 centres,
as an embedding that was trained leaves them, and `uniform`, without any structure, the worst case of every
approximate index. Queries are further draws of the same law. Each index lives in a process of its own, and the
gallery in a mapped file, so that the memory reported is the index alone. Recall is the share of queries whose
first neighbour is the true nearest one; with classes, recall@1 is the share whose first neighbour has their class.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robust_dml.runtime.files import write_json

DIMENSION = 128
IMAGES_PER_CLASS = 50
SPREAD = 1.6  # length of a draw's offset from the centre of its class: recall@1 of about 0.7 among 20,000 classes
LAWS = ("classes", "uniform")
BEAMS = {"ivf": "nprobe", "ivf-pq": "nprobe", "hnsw": "efSearch"}
WIDTHS = {"ivf": (1, 8, 32, 128), "ivf-pq": (8, 32, 128), "hnsw": (16, 64, 256, 1024)}
RESULT = Path("results/bench/gallery_scale.json")

Vectors = NDArray[np.float32]
Labels = NDArray[np.int64]


def main() -> None:
    """Measure every index on both galleries, one after another; write the record and print it as a table."""
    arguments = parse()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        for law in LAWS:
            gallery, queries, labels = draw(law, arguments.images, arguments.queries)
            np.save(Path(folder, "gallery.npy"), gallery)
            np.save(Path(folder, "queries.npy"), queries)
            del gallery, queries
            truth = None
            for name in recipes(arguments.images):
                found = in_a_process(measure, name, Path(folder), arguments.threads)
                truth = found[0]["found"] if truth is None else truth
                rows += [{"gallery": law, "index": name, **scored(row, truth, labels)} for row in found]
                print(*map(line, rows[-len(found) :]), sep="\n", flush=True)
    sizes = {"images": arguments.images, "dimension": DIMENSION, "queries": arguments.queries}
    write_json(arguments.output, {**sizes, "threads": arguments.threads, "rows": rows})


def parse() -> argparse.Namespace:
    """Return the parsed command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=10_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--output", type=Path, default=RESULT)
    return parser.parse_args()


def draw(law: str, images: int, queries: int) -> tuple[Vectors, Vectors, Labels | None]:
    """Return gallery (images, 128), queries (queries, 128) and the labels of both; always the same."""
    generator = np.random.default_rng([images, queries])
    vectors = generator.standard_normal((images + queries, DIMENSION), dtype=np.float32)
    labels = None
    if law == "classes":
        classes = max(images // IMAGES_PER_CLASS, 1)
        centres = unit(generator.standard_normal((classes, DIMENSION), dtype=np.float32))
        labels = generator.integers(0, classes, len(vectors))
        vectors *= np.float32(SPREAD / np.sqrt(DIMENSION))
        vectors += centres[labels]
    vectors = unit(vectors)
    return vectors[:images], vectors[images:], labels


def unit(vectors: Vectors) -> Vectors:
    """Return rows scaled to length one."""
    scaled: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return scaled


def recipes(images: int) -> dict[str, str]:
    """Return the names of the indices for faiss's factory, about 4 sqrt(images) inverted lists; the exact one first."""
    lists = 2 ** round(np.log2(4 * np.sqrt(images)))
    return {"exact": "Flat", "ivf": f"IVF{lists},Flat", "ivf-pq": f"IVF{lists},PQ32", "hnsw": "HNSW32"}


def in_a_process(function: Any, *arguments: Any) -> Any:
    """Return the result of a call made in a fresh process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)


def measure(name: str, folder: Path, threads: int) -> list[dict[str, Any]]:
    """Build one index and search it at each of its settings: seconds, MiB, and the first neighbours found."""
    import faiss

    faiss.omp_set_num_threads(threads)
    gallery = np.load(folder / "gallery.npy", mmap_mode="r")
    queries = np.load(folder / "queries.npy")
    recipe = recipes(len(gallery))[name]
    before = memory_mib()
    started = time.perf_counter()
    index = faiss.index_factory(DIMENSION, recipe, faiss.METRIC_INNER_PRODUCT)
    if name == "hnsw":
        index.hnsw.efConstruction = 64
    if not index.is_trained:
        index.train(training_sample(gallery))
    for start in range(0, len(gallery), 100_000):
        index.add(np.ascontiguousarray(gallery[start : start + 100_000]))
    built = {"recipe": recipe, "build_s": time.perf_counter() - started, "memory_mib": memory_mib() - before}
    settings = [{BEAMS[name]: width} for width in WIDTHS[name]] if name in BEAMS else [{}]
    return [{**built, **search(index, queries, setting)} for setting in settings]


def training_sample(gallery: Vectors) -> Vectors:
    """Return a quarter of the gallery, at most 256,000 rows, for the centroids."""
    rows = np.random.default_rng(0).choice(len(gallery), min(len(gallery) // 4, 256_000), replace=False)
    return np.ascontiguousarray(gallery[np.sort(rows)])


def search(index: Any, queries: Vectors, setting: dict[str, int]) -> dict[str, Any]:
    """Return the first neighbour of all queries, after a small search that warms the caches."""
    import faiss

    for key, value in setting.items():
        faiss.ParameterSpace().set_index_parameter(index, key, value)
    index.search(queries[:100], 1)
    started = time.perf_counter()
    _, found = index.search(queries, 1)
    return {"setting": setting, "search_s": time.perf_counter() - started, "found": found[:, 0]}


def memory_mib() -> float:
    """Return memory of this process that no file backs, in MiB."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


def scored(row: dict[str, Any], truth: Labels, labels: Labels | None) -> dict[str, Any]:
    """Return the row with its recall and speed instead of the neighbours."""
    found = row.pop("found")
    own = None if labels is None else float((labels[found] == labels[-len(found) :]).mean())
    speed, recall = len(found) / row["search_s"], float((found == truth).mean())
    return {**row, "queries_per_s": speed, "recall": recall, "recall@1": own}


def line(row: dict[str, Any]) -> str:
    """Return one row of the table of docs/scale.md."""
    setting = ", ".join(f"{key} {value}" for key, value in row["setting"].items()) or "-"
    own = "-" if row["recall@1"] is None else f"{row['recall@1']:.4f}"
    cells = [row["gallery"], row["recipe"], setting, f"{row['recall']:.4f}", own, f"{row['queries_per_s']:,.0f}"]
    return "| " + " | ".join([*cells, f"{row['build_s']:,.0f}", f"{row['memory_mib']:,.0f}"]) + " |"


if __name__ == "__main__":
    main()
