"""Time and memory against size: what grows how fast, each size in a process of its own."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.row import Row, figures
from benchmarks.worker import Call, Way, Worker

ROUNDS, SECONDS = 3, 2.0  # at least, of each size: a call of milliseconds is repeated until its median is steady
PLOT = Path("results/bench/scale.png")
HERE = "benchmarks.rows.scale"


@dataclass(frozen=True)
class Series:
    """What is measured, against which size."""

    what: str
    size: str
    target: str
    sizes: Sequence[int]
    threads: int | None = None
    """One for the small network, as the demo's jobs have it."""


SERIES = (
    Series("robust training step, the demo's network", "batch", f"{HERE}:training_step", (40, 80, 160, 320, 640), 1),
    Series("index of images of 64 pixels", "images", f"{HERE}:index", (500, 1000, 2000, 4000)),
    Series("search, 16 neighbours, 128-d", "gallery", f"{HERE}:searching", (4000, 8000, 16000, 32000, 64000)),
    Series("metrics of 20,000 images, 128-d", "classes", f"{HERE}:metrics", (100, 400, 1600, 6400)),
    Series("PGD-10, the demo's network", "queries", f"{HERE}:attack", (64, 128, 256, 512, 1024), 1),
)


def rows(quick: bool) -> Iterator[Row]:
    """Yield one row per series, with the exponents of time and memory, and one figure of all."""
    found = [(series, [measure(call) for call in calls(series)]) for series in SERIES]
    plot(found)
    for series, points in found:
        seconds, memory = ([point[key] for point in points] for key in ("seconds", "memory_mib"))
        values = {
            "exponent of time": round(exponent(series.sizes, seconds), 2),
            "exponent of memory": round(exponent(series.sizes, memory), 2),
            f"s at {series.sizes[-1]:,}": round(seconds[-1], 4),
            f"MiB at {series.sizes[-1]:,}": round(memory[-1]),
        }
        row = figures(f"scale: {series.what}, against {series.size}", values)
        yield row | {"sizes": list(series.sizes), "points": points}


def calls(series: Series) -> list[Call]:
    """Yield one call per size."""
    return [Call(series.target, {"size": size}, threads=series.threads) for size in series.sizes]


def measure(call: Call) -> dict[str, float]:
    """Return median seconds of calls after the first, and their memory beyond imports and data."""
    with Worker(call) as worker:
        worker.time()
        seconds: list[float] = []
        while len(seconds) < ROUNDS or sum(seconds) < SECONDS:
            seconds.append(worker.time())
        return {"seconds": median(seconds), "memory_mib": max(1.0, worker.close() - worker.memory_before)}


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """Return the slope of log(value) over log(size), by least squares."""
    x, y = [math.log(size) for size in sizes], [math.log(value) for value in values]
    middle_x, middle_y = sum(x) / len(x), sum(y) / len(y)
    slope = sum((a - middle_x) * (b - middle_y) for a, b in zip(x, y, strict=True))
    return slope / sum((a - middle_x) ** 2 for a in x)


def plot(found: Sequence[tuple[Series, Sequence[dict[str, float]]]]) -> None:
    """Plot a column per series, time above memory, both axes logarithmic."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    panels, axes = pyplot.subplots(2, len(found), figsize=(3.2 * len(found), 5.4), layout="constrained")
    for column, (series, points) in enumerate(found):
        for axis, key, unit in zip(axes[:, column], ("seconds", "memory_mib"), ("seconds", "MiB"), strict=True):
            values = [point[key] for point in points]
            axis.loglog(series.sizes, values, marker="o")
            axis.set(xlabel=series.size, ylabel=unit, xticks=series.sizes, xticklabels=[f"{n:,}" for n in series.sizes])
            axis.tick_params(which="both", labelsize=7)
            axis.xaxis.minorticks_off()
            above = f"{series.what}\n" if axis is axes[0, column] else ""
            axis.set_title(f"{above}{key.split('_')[0]}: exponent {exponent(series.sizes, values):.2f}", fontsize=9)
    PLOT.parent.mkdir(parents=True, exist_ok=True)
    panels.savefig(PLOT, dpi=110)
    pyplot.close(panels)


def training_step(size: int) -> Way:
    """Return a step of the training loop with a batch of `size`."""
    from benchmarks import engine
    from robust_dml.training.loop import train_step

    with tempfile.TemporaryDirectory() as folder:
        optimisation = {"classes_per_batch": 5, "samples_per_class": 18}
        study = engine.make_study(Path(folder), engine.digits(), engine.DEMO_NET, optimisation=optimisation)
        engine.prepare(study)
        training = engine.open_training(study)
    batch = engine.random_batch(5, size // 5, 16)
    return lambda: train_step(training, batch, 0, 0)


def index(size: int) -> Way:
    """Listing, opening and checking `size` images, and writing index.csv."""
    from benchmarks import engine
    from robust_dml.data.datasets.textures import TexturesOptions, write_textures
    from robust_dml.data.index.build import build_index
    from robust_dml.data.paths import images_folder

    folder = Path(tempfile.mkdtemp())
    dataset = engine.textures(classes=size // 20, images_per_class=20, pixels=64)
    study = engine.make_study(folder, dataset, engine.DEMO_NET)
    config = study.datasets["images"]
    images_folder(config, folder).mkdir(parents=True)
    write_textures(images_folder(config, folder), TexturesOptions(classes=size // 20, images_per_class=20, pixels=64))
    return lambda: str(build_index(config, folder, study.sources, workers=1))


def searching(size: int) -> Way:
    """Return the neighbours of every item of a gallery."""
    import torch

    from benchmarks.rows.metrics import draw
    from robust_dml.retrieval import search

    embeddings, _ = draw(size, max(size // 50, 1))
    ids = torch.arange(size)
    return lambda: len(search(embeddings, embeddings, 16, query_ids=ids, gallery_ids=ids).positions)


def metrics(size: int) -> Way:
    """Neighbours and metrics where 20,000 images are in `size` classes."""
    from benchmarks.rows.metrics import ours

    return ours(images=20_000, classes=size)


def attack(size: int) -> Way:
    """PGD on `size` images at once."""
    import torch

    from benchmarks import engine
    from robust_dml.attacks import LinfBall, pgd
    from robust_dml.attacks.objectives import repel
    from robust_dml.config.training import BackboneConfig
    from robust_dml.models import build_model

    model = build_model(BackboneConfig(**engine.DEMO_NET), seed=0, data_root=Path())
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    images = torch.rand(size, 3, 16, 16).contiguous(memory_format=torch.channels_last)
    with torch.no_grad():
        away = repel(model(images))
    return lambda: pgd(model, images, away, LinfBall(0.1), steps=10).sum().item()
