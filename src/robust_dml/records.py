"""The fields of each kind of record, and the registries in which records are found by name.

A record holds everything about one entry: its options, its words for a reader, its cost and its code. Records are read
while a study is planned, so their modules import torch by `robust_dml.runtime.lazy`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from robust_dml.registry import Registry
from robust_dml.runtime.options import Options, options_of

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure
    from torch import Tensor, nn

    from robust_dml.attacks.objectives import Objective as Function
    from robust_dml.attacks.problem import Problem
    from robust_dml.config import Run, Study
    from robust_dml.config.evaluation import AttackAt
    from robust_dml.config.training import BackboneConfig, TrainingConfig
    from robust_dml.data.index.listing import Listed
    from robust_dml.evaluation.check_inputs import CheckInputs, Finding
    from robust_dml.evaluation.readings import Reading
    from robust_dml.evaluation.target import Target
    from robust_dml.losses import LossFunction
    from robust_dml.miners import MinerFunction
    from robust_dml.report.cells import Numbers
    from robust_dml.report.table import Table as BuiltTable
    from robust_dml.retrieval.items import Items
    from robust_dml.retrieval.ranking import Ranking
    from robust_dml.training.methods import TrainingMethod


@dataclass(frozen=True, kw_only=True)
class Optimiser:
    """How an attack climbs its objective."""

    label: str
    """Its name in tables and figures, such as "C&W"."""
    summary: str
    options: type[Options] = Options
    family: Literal["one-step", "iterative", "control", "ensemble", "standard"]
    attack: Callable[[Problem, Any], Tensor] | None
    """Return adversarial images (B, ...) of a problem; None for what is made of several attacks."""
    passes: Callable[[Any], float]
    """Forward passes per image; a gradient with respect to the image counts two."""
    steps: Callable[[Any], int] = lambda options: 1
    """The column `steps` of metrics.csv: gradient steps or queries of one restart."""
    counted: str = ""
    """What `steps` counts, as tables print it: "steps", "queries", "draws"; empty to print nothing."""
    first_gradient: Literal["clean", "random", "none"] = "random"
    """Where the attack takes its first gradient of the model under attack."""
    released: str | None = None
    """`module:function` of the version in the released code, run beside this one for the as-released figures."""
    released_passes: Callable[[Any], float] = lambda options: 0.0
    trains: bool = False
    """Whether robust training may use it."""
    stops: bool = False
    """Whether it leaves a query once it is broken, where `evaluation.stop_when_broken` says so."""


@dataclass(frozen=True, kw_only=True)
class Objective:
    """What an attack maximises for its queries."""

    label: str
    summary: str
    build: Callable[[Items, Items], Function]
    """Return the objective of clean queries against a clean gallery."""
    decides: bool = False
    """Whether it is above zero exactly where the nearest neighbour is wrong."""


@dataclass(frozen=True, kw_only=True)
class Threat:
    """What is changed, and by which metric the outcome is judged."""

    label: str
    summary: str
    perturbs: Literal["queries", "gallery", "both"]
    metric: str
    higher_is_safer: bool = True
    options: type[Options] = Options
    measure: Callable[[Target, Any], Iterable[Reading]] | None = None
    """Return the readings of one model, from the options; None for the threat of the study's attacks."""
    metrics: Mapping[str, str] = field(default_factory=dict)
    """The numbers of its readings that are no metrics of rankings, and their words for a reader."""
    curve: tuple[str, ...] = ()
    """The settings whose `metric`, against their level, says at a glance what the threat does; figures draw them."""
    code: tuple[str, ...] = ()
    """Modules that it uses by name, such as those of an optimiser, beside those that it imports."""


@dataclass(frozen=True, kw_only=True)
class Method:
    """How a batch becomes a loss."""

    label: str
    summary: str
    options: type[Options] = Options
    family: Literal["natural", "robust", "rival", "reference"]
    """natural is what others are compared with; robust is the paper's training; a reference is not trained."""
    build: Callable[[Any], TrainingMethod]
    """Return the method for its options."""
    passes: Callable[[Any, float], float]
    """Forward passes of a step per image of the batch, from the training's config and the passes of its attack."""
    attacks: bool = False
    """Whether it uses the optimiser of the training's `attack`."""
    optimisers: tuple[str, ...] = ()
    """The optimisers that it uses whatever the training's `attack` is."""
    refuses: Callable[[TrainingConfig], str | None] = lambda config: None
    """Return what is wrong with the settings of a training, as "key: expected, found"; None if nothing is."""


@dataclass(frozen=True, kw_only=True)
class Loss:
    """What training minimises: a scalar of embeddings, labels and tuples."""

    label: str
    summary: str
    options: type[Options] = Options
    build: Callable[[Any], LossFunction]


@dataclass(frozen=True, kw_only=True)
class Miner:
    """Which tuples of a batch enter the loss."""

    label: str
    summary: str
    options: type[Options] = Options
    build: Callable[[Any], MinerFunction]


@dataclass(frozen=True, kw_only=True)
class Backbone:
    """A network from images (B, 3, H, W) to (B, embedding)."""

    label: str
    summary: str
    options: type[Options] = Options
    build: Callable[[BackboneConfig], nn.Module]
    gflop: Callable[[BackboneConfig, int], float | None] = lambda config, size: None
    """10^9 floating-point operations of a forward pass at `size` pixels; None if unknown."""
    imagenet: Weights | None = None
    """Published ImageNet weights of its trunk."""
    measured_as: Callable[[BackboneConfig], str] = lambda config: config.kind
    """The backbone whose recorded speed and memory an estimate uses."""
    fetches_imagenet: bool = False
    """Whether `build` itself fetches the weights that `weights: imagenet` asks for."""
    small: bool = False
    """Whether one core serves it best, so that jobs run side by side."""
    identity: Callable[[Any], str] = lambda options: ""
    """A hash of the user's files that `build` reads, from the options; empty if it reads none."""


@dataclass(frozen=True, kw_only=True)
class Weights:
    """A published file of weights."""

    file: str
    sha256: str
    size: int


@dataclass(frozen=True, kw_only=True)
class DatasetKind:
    """Where the images of a dataset come from and how they are listed."""

    label: str
    summary: str
    options: type[Options] = Options
    origin: Literal["archives", "generated", "own"]
    list: Callable[[Path], Sequence[Listed]]
    """List the images below a folder; raises OSError, ValueError or LookupError if the layout is another."""
    listing: Callable[[Any], Path] | None = None
    """The file that lists the images, from the options; `list` reads it in place of the folder."""
    generate: Callable[[Path, Any, int], None] | None = None
    """Fill an empty folder with images, from the options and a number of worker processes."""
    arrange: Callable[[Path], None] | None = None
    """Rearrange the unpacked archives."""
    splits: tuple[str, ...] = ()
    """Splits of its own beside those of every dataset."""
    roles: bool = False
    """Whether its own splits say which test images are queries and which are the gallery; the first is then usual."""
    count: Callable[[Any], int | None] = lambda options: None
    """The number of images, from the options, if it is known before they exist."""
    small: bool = False
    """Whether one process prepares the images in seconds."""
    photographs: bool = True
    """Whether figures and the page show its images."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One or several numbers of a ranking, or of clean embeddings."""

    summary: str
    labels: Mapping[str, str]
    """The name of each number in metrics.csv, and its words for a reader."""
    of_ranking: Callable[[Ranking], Mapping[str, Tensor]] | None = None
    """The value of each query (Q,), by name; the number is their mean over scored queries."""
    of_embeddings: Callable[[Items, int], Mapping[str, float]] | None = None
    """Numbers of clean query embeddings and a seed, by name."""
    bounds: tuple[float, float] = (0.0, 1.0)
    """The smallest and the largest possible value."""
    depth: int = 8
    """Neighbours that it looks at; a ranking has R of a query's where that is more."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """A sanity check of the attacks on one model."""

    title: str
    """Its name in checks.json and in the tables."""
    summary: str
    order: int
    """Its place among the checks."""
    run: Callable[[CheckInputs], Finding]
    wants: Callable[[Study, Run], Sequence[AttackAt]] = lambda study, run: ()
    """The extra attacks, on some queries, that the check compares with those of the study."""
    gate: bool = False
    """Whether the standard protocol calls a number verified only if this check passes."""


@dataclass(frozen=True, kw_only=True)
class TableRecord:
    """A table of the report."""

    title: str
    order: int
    """Its place among the tables."""
    wanted: Callable[[Study], bool] = lambda study: True
    """Whether the study has rows for it."""
    build: Callable[[Numbers], BuiltTable]
    """Return the table; its name and title are added from the record."""


@dataclass(frozen=True, kw_only=True)
class FigureRecord:
    """A figure of the report."""

    title: str
    order: int
    """Its place among the figures."""
    wanted: Callable[[Study], bool] = lambda study: True
    """Whether the study has data for it."""
    sources: Callable[[Study], list[Path]]
    """Return the result files that it is drawn from."""
    caption: Callable[[Study], str]
    """Return the text below the figure."""
    draw: Callable[[Numbers], Figure]


class _Words(TypedDict):
    label: str
    summary: str


def _words(name: str, function: Callable[..., Any]) -> _Words:
    """Return label and summary of a user's function: its name and the first line of its docstring."""
    return {"label": name, "summary": (function.__doc__ or name).strip().splitlines()[0]}


def _adopted_loss(name: str, make: Callable[..., LossFunction]) -> Loss:
    return Loss(**_words(name, make), options=options_of(make), build=lambda options: make(**options.model_dump()))


def _adopted_miner(name: str, make: Callable[..., MinerFunction]) -> Miner:
    return Miner(**_words(name, make), options=options_of(make), build=lambda options: make(**options.model_dump()))


def _adopted_backbone(name: str, make: Callable[[int], nn.Module]) -> Backbone:
    return Backbone(**_words(name, make), build=lambda config: make(config.embedding))


def _adopted_method(name: str, loss: Callable[..., Tensor]) -> Method:
    """Return the record of a function from a step, and options by keyword, to the loss: a rival of estimated cost."""
    from robust_dml.training.methods import method_of_function  # imports no torch

    return Method(
        **_words(name, loss),
        options=options_of(loss, skip=1),
        family="rival",
        build=lambda options: method_of_function(loss, options),
        passes=lambda config, attack: attack + 6,
        attacks=True,
    )


def _adopted_optimiser(name: str, attack: Callable[..., Tensor]) -> Optimiser:
    """Return the record of a function from a problem, and options by keyword, to adversarial images."""
    return Optimiser(
        **_words(name, attack),
        options=options_of(attack, skip=1),
        family="iterative",
        attack=lambda problem, options: attack(problem, **options.model_dump()),
        passes=lambda options: 2.0 * getattr(options, "steps", 1) + 1,
        steps=lambda options: getattr(options, "steps", 1),
        counted="steps",
        trains=True,
    )


def _adopted_objective(name: str, build: Callable[[Items, Items], Function]) -> Objective:
    return Objective(**_words(name, build), build=build)


def _adopted_metric(name: str, of_ranking: Callable[[Ranking], Tensor]) -> Metric:
    """Return the record of a function from a ranking to the value of each query; it has the function's name."""
    own = name.partition(":")[2]
    words = _words(name, of_ranking)
    return Metric(
        summary=words["summary"],
        labels={own: own},
        of_ranking=lambda ranking: {own: of_ranking(ranking)},
        bounds=(-math.inf, math.inf),
    )


def _adopted_dataset(name: str, generate: Callable[..., None]) -> DatasetKind:
    """Return the record of a function that writes <class>/<image> into an empty folder, with options by keyword."""
    from robust_dml.data.index.listing import list_class_folders

    return DatasetKind(
        **_words(name, generate),
        options=options_of(generate, skip=1),
        origin="generated",
        list=list_class_folders,
        generate=lambda folder, options, workers: generate(folder, **options.model_dump()),
    )


OPTIMISERS = Registry("optimiser", "robust_dml.attacks.optimisers", Optimiser, adopt=_adopted_optimiser)
OBJECTIVES = Registry("objective", "robust_dml.evaluation.objectives", Objective, adopt=_adopted_objective)
THREATS = Registry("threat", "robust_dml.evaluation.threats", Threat)
METHODS = Registry("method", "robust_dml.training.methods", Method, adopt=_adopted_method)
LOSSES = Registry("loss", "robust_dml.losses", Loss, adopt=_adopted_loss, fallback="robust_dml.losses.library")
MINERS = Registry("miner", "robust_dml.miners", Miner, adopt=_adopted_miner, fallback="robust_dml.miners.library")
BACKBONES = Registry("backbone", "robust_dml.models.backbones", Backbone, adopt=_adopted_backbone)
DATASETS = Registry("dataset", "robust_dml.data.datasets", DatasetKind, adopt=_adopted_dataset)
METRICS = Registry("metric", "robust_dml.metrics", Metric, adopt=_adopted_metric)
CHECKS = Registry("check", "robust_dml.evaluation.checks", Check)
TABLES = Registry("table", "robust_dml.report.tables", TableRecord)
FIGURES = Registry("figure", "robust_dml.report.figures", FigureRecord)

REGISTRIES: tuple[Registry[Any], ...] = (
    *(DATASETS, BACKBONES, LOSSES, MINERS, METHODS),
    *(OPTIMISERS, OBJECTIVES, THREATS, METRICS, CHECKS, TABLES, FIGURES),
)
