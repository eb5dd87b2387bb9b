"""The parts of `make gpu`, in the order of their importance, each with a limit of seconds and what it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

from benchmarks.gpu.size import Size
from benchmarks.row import Row

BUDGET = 520.0
"""Seconds of all parts together: under nine minutes with what starting takes."""
NEEDED = ("torch", "numpy", "pydantic", "yaml", "safetensors", "PIL", "tqdm")
"""Modules that no part can do without."""
PACKAGES = {
    "yaml": "pyyaml",
    "PIL": "pillow",
    "pytorch_metric_learning": "pytorch-metric-learning",
    "sklearn": "scikit-learn",
    "faiss": "faiss-cpu",
}
"""The names of packages that differ from that of their module."""


@dataclass(frozen=True)
class Part:
    """A part: `rows` is `module:function`, from a size to its rows."""

    name: str
    rows: str
    limit: float
    needs: tuple[str, ...] = ()

    def run(self, size: Size) -> Iterator[Row]:
        """Yield the rows."""
        module, _, function = self.rows.partition(":")
        of_size: Callable[[Size], Iterator[Row]] = getattr(import_module(f"benchmarks.gpu.{module}"), function)
        return of_size(size)

    def missing(self) -> list[str]:
        """Return the packages that it needs and that are not installed."""
        return missing(self.needs)


PARTS = (
    Part("tests", "checks:rows", 120, ("pytest", "hypothesis", "sklearn")),
    Part("steps", "steps:rows", 120, ("torchvision", "pytorch_metric_learning")),
    Part("epoch", "epoch:rows", 200),
    Part("search", "search:rows", 60),
    Part("evaluation", "evaluation:rows", 60),
    Part("graph", "graph:rows", 40),
    Part("demo", "demo:rows", 120, ("sklearn",)),
    Part("decoding", "decoding:rows", 30, ("torchvision",)),
    Part("compiled", "steps:compiled_rows", 180, ("torchvision", "pytorch_metric_learning")),
)


def missing(modules: tuple[str, ...]) -> list[str]:
    """Return the packages of the modules that are not installed."""
    return [PACKAGES.get(module, module) for module in modules if find_spec(module) is None]


def part_named(name: str) -> Part:
    """Return a part by its name."""
    return next(part for part in PARTS if part.name == name)
