"""The same on a GPU, where there is one: steps, the compiler, a CUDA graph of the attack, JPEGs, determinism."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.limits import matmul
from benchmarks.row import Row, compare, figures
from benchmarks.rows.robust_step import PASSES, gflop
from benchmarks.worker import Call, Way, Worker

GOAL = 5.0
BATCH, PIXELS = 112, 224
SIZES = {"batch": BATCH, "pixels": PIXELS, "device": "cuda"}
STEP = "benchmarks.rows.robust_step"
HERE = "benchmarks.rows.gpu"


def rows(quick: bool) -> Iterator[Row]:
    """Nothing where torch finds no GPU."""
    with Worker(Call(f"{HERE}:presence")) as worker:
        worker.time()
        if not worker.result:
            return
    rounds = 3 if quick else 10
    yield from _steps(rounds)
    yield _attack(rounds)
    yield _decoding()
    yield _determinism()


def _steps(rounds: int) -> Iterator[Row]:
    """Yield the robust step in each form, and images/s of both trainings in the fastest."""
    forms: dict[str, dict[str, Any]] = {
        "fp32": {"precision": "fp32"},
        "tf32": {"precision": "tf32"},
        "bf16": {"precision": "bf16"},
        "bf16, compiled": {"precision": "bf16", "compile": True},
    }
    for name, options in forms.items():
        row, turns = compare(
            f"GPU: robust step, ResNet50@{PIXELS}, batch {BATCH}, {name}",
            Call(f"{STEP}:released", SIZES, settled=False),
            Call(f"{STEP}:ours", {**SIZES, **options}),
            goal=GOAL if name.startswith("bf16") else None,
            work=PASSES * gflop(BATCH, PIXELS),
            limit=matmul(options["precision"], "cuda"),
            rounds=rounds,
        )
        robust = median(turns.seconds["ours"])
        with Worker(Call(f"{STEP}:ours", {**SIZES, **options, "training": "natural"})) as worker:
            natural = min(worker.time() for _ in range(1 + rounds))
        speeds = {"robust, images/s": round(BATCH / robust), "natural, images/s": round(BATCH / natural)}
        row["values"] = {**speeds, **paper_hours(PASSES * gflop(BATCH, PIXELS) / robust, "cuda")}
        yield row


def paper_hours(speed: float, device: str) -> dict[str, int]:
    """Return hours of training in config/paper.yaml on `device` (cuda or cpu) at `speed`, 10^9 operations a second."""
    from robust_dml.config import load_study
    from robust_dml.planning.cost import estimate
    from robust_dml.planning.cost import speed as recorded

    hours = estimate(load_study(Path("config/paper.yaml"))).train_hours[device]
    return {"paper's study, hours of training": round(hours * recorded(device, "resnet50", "fp32") / speed)}


def _attack(rounds: int) -> Row:
    """Yield PGD-5 launched kernel by kernel against one CUDA graph of it."""
    settings = {"batch": BATCH, "pixels": PIXELS}
    row, _ = compare(
        f"GPU: PGD-5, batch {BATCH}, bf16, as one CUDA graph against launched",
        Call(f"{HERE}:attack", {**settings, "graph": False}),
        Call(f"{HERE}:attack", {**settings, "graph": True}),
        work=10 * gflop(BATCH, PIXELS),
        limit=matmul("bf16", "cuda"),
        rounds=rounds,
    )
    return row


def _decoding() -> Row:
    """Yield the decoding of JPEGs by the GPU and by PIL."""
    values = {}
    for device in ("cuda", "cpu"):
        with Worker(Call(f"{HERE}:decoding", {"device": device})) as worker:
            worker.time()
            values[f"{device}, images/s"] = round(worker.result / min(worker.time() for _ in range(3)))
    return figures("GPU: JPEGs of 500 x 375 decoded", values)


def _determinism() -> Row:
    """Yield whether two trainings of five steps end in the same bits."""
    found = []
    for _ in range(2):
        with Worker(Call(f"{HERE}:five_steps")) as worker:
            worker.time()
            found.append(worker.result)
    return figures("GPU: the same weights twice", {"digest": found[0]}, goal="equal", met=found[0] == found[1])


def presence() -> Way:
    """Return whether torch finds a GPU."""
    import torch

    return torch.cuda.is_available


def attack(batch: int, pixels: int, graph: bool) -> Way:
    """Run five steps of PGD on fixed buffers, without the choices that a graph cannot hold."""
    import torch

    from benchmarks import engine
    from robust_dml.attacks import LinfBall
    from robust_dml.attacks.objectives import repel
    from robust_dml.attacks.probe import probe
    from robust_dml.config.training import BackboneConfig, OptimisationConfig
    from robust_dml.models import build_model
    from robust_dml.training.forward import ForwardPasses

    images, ball = engine.random_batch(batch // 2, 2, pixels).images.cuda().float() / 255, LinfBall(0.01)
    model = build_model(BackboneConfig(**engine.RESNET50), seed=0, data_root=Path()).cuda()
    engine.calibrate(model, images)
    passes = ForwardPasses(model, OptimisationConfig(precision="bf16"), freeze_batchnorm=True)
    away, start = repel(passes.embed_constant(images)), ball.random(images)
    result = torch.empty_like(start)

    def climb() -> None:
        x = start
        for _ in range(5):
            x = ball.project(x + 0.004 * ball.step(probe(passes.embed_constant, x, away).gradient), images)
        result.copy_(x)

    run = _captured(climb) if graph else climb
    return lambda: (run(), result.sum().item())[1]


def _captured(work: Way) -> Way:
    """Return the kernels of `work` as one graph, after the warm-up that capturing needs."""
    import torch

    side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            work()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        work()
    return graph.replay


def decoding(device: str) -> Way:
    """All of some photographs as uint8 on the device; returns their number."""
    import tempfile

    import numpy as np
    import torch
    from PIL import Image
    from torchvision.io import ImageReadMode, decode_jpeg, read_file

    from benchmarks.rows.batches import write_photographs

    with tempfile.TemporaryDirectory() as folder:
        write_photographs(Path(folder), 8, 8)
        files = sorted(Path(folder).glob("*/*.jpg"))
        contents = [read_file(str(file)) for file in files]
    if device == "cuda":
        return lambda: len([image.sum().item() for image in decode_jpeg(contents, ImageReadMode.RGB, device="cuda")])

    def by_pil() -> int:
        from io import BytesIO

        images = [np.asarray(Image.open(BytesIO(content.numpy().tobytes())).convert("RGB")) for content in contents]
        return len([torch.from_numpy(image.copy()).cuda() for image in images])

    return by_pil


def five_steps() -> Way:
    """Make five robust steps from the beginning; return a digest of the weights."""
    import hashlib

    from benchmarks import engine
    from robust_dml.training.loop import train_step

    def run() -> str:
        batch = engine.random_batch(8, 2, PIXELS)
        training = engine.resnet_training(batch.images, device="cuda", precision="bf16")
        for number in range(5):
            train_step(training, batch, 0, number)
        weights = b"".join(w.detach().cpu().numpy().tobytes() for w in training.forward.model.parameters())
        return hashlib.sha256(weights).hexdigest()[:16]

    return run
