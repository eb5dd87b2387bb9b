"""PGD-5 launched kernel by kernel against one CUDA graph of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.gpu.size import Size
from benchmarks.gpu.timing import turns
from benchmarks.row import Row, figures, ratios
from benchmarks.worker import Way

STEPS = 5


def rows(size: Size) -> Iterator[Row]:
    """Yield one row; `ratio` is how many times faster the graph is."""
    from robust_dml.runtime.torch_settings import exact_float32

    with exact_float32():  # for its deterministic kernels: the network computes in bf16
        launched, graph = attack(size, graph=False), attack(size, graph=True)
        same = launched() == graph()
        seconds = turns({"launched": launched, "graph": graph}, size)
    speed = 2 * STEPS * size.gflop(size.batch) / median(seconds["graph"])
    row = figures(
        f"PGD-{STEPS}, batch {size.batch}, bf16, as one CUDA graph against launched", {"GFLOP/s": round(speed)}
    )
    row |= {"seconds": seconds, "ratio": ratios(seconds["launched"], seconds["graph"])}
    yield row | {"goal": "the same images", "met": same}


def attack(size: Size, *, graph: bool) -> Way:
    """Return PGD on fixed buffers, without the choices that a graph cannot hold; a call returns a sum of its images."""
    import torch

    from benchmarks import engine
    from robust_dml.attacks import LinfBall
    from robust_dml.attacks.objectives import repel
    from robust_dml.attacks.probe import probe
    from robust_dml.config.training import BackboneConfig, OptimisationConfig
    from robust_dml.models import build_model
    from robust_dml.training.forward import ForwardPasses

    images = engine.random_batch(size.batch // 2, 2, size.pixels).images.to(size.device).float() / 255
    ball = LinfBall(0.01)
    model = build_model(BackboneConfig(**engine.RESNET50), seed=0, data_root=Path()).to(size.device)
    engine.calibrate(model, images)
    passes = ForwardPasses(model, OptimisationConfig(precision="bf16"), freeze_batchnorm=True)
    away = repel(passes.embed_constant(images).detach())
    start = ball.project(images + 0.5 * ball.epsilon * torch.ones_like(images), images)
    result = torch.empty_like(start)

    def climb() -> None:
        x = start
        for _ in range(STEPS):
            x = ball.project(x + 0.004 * ball.step(probe(passes.embed_constant, x, away).gradient), images)
        result.copy_(x)

    run = captured(climb, size.device) if graph else climb
    return lambda: (run(), float(result.double().sum()))[1]


def captured(work: Way, device: str) -> Way:
    """Return the kernels of `work` as one graph, after the warm-up that capturing needs; on a CPU `work` itself."""
    import torch

    if not device.startswith("cuda"):
        return work
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
