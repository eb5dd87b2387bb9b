"""What the explorer of the page shows: queries, their neighbours under each model, the perturbation magnified."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from robust_dml.report.cells import Numbers
from robust_dml.report.examples import Examples
from robust_dml.report.page.images import data_uri
from robust_dml.report.selection import headline, models_of, photographs

if TYPE_CHECKING:
    import numpy as np

BUDGET = 9_000_000  # characters of images in the page, so that it stays far below 15 MB


@dataclass(frozen=True)
class Picture:
    """An image as a data URI, and its class; a magnified perturbation has none."""

    uri: str
    label: int | None


@dataclass(frozen=True)
class ModelView:
    """A query under one model: names of images, the neighbours nearest first; `run` is the anchor of its runs."""

    loss: str
    training: str
    run: str
    adversarial: str
    clean: list[int]
    attacked: list[int]


@dataclass(frozen=True)
class QueryView:
    """A query under every model that kept it."""

    id: int
    label: int
    models: list[ModelView]


@dataclass
class DatasetView:
    """The queries of a dataset, and the images that they refer to by name; `kept` counts those left out as well."""

    kept: int
    start: int | None = None
    """The id of the query that is shown first."""
    queries: list[QueryView] = field(default_factory=list)
    images: dict[str, Picture] = field(default_factory=dict)


def explorer(numbers: Numbers) -> dict[str, DatasetView]:
    """Return what the explorer shows of each dataset that has kept queries."""
    datasets = photographs(numbers.study)
    found = {dataset: _dataset(numbers, dataset, BUDGET // len(datasets)) for dataset in datasets}
    return {dataset: view for dataset, view in found.items() if view.queries}


def _dataset(numbers: Numbers, dataset: str, budget: int) -> DatasetView:
    """Return the queries of a dataset, as many as fit into `budget` characters of images."""
    models = [model for model in models_of(numbers.study) if model.dataset == dataset]
    attacked = [examples for model in models if (examples := numbers.results.examples(model))]
    kept = _most_shared(attacked, numbers.study.report.examples)
    view = DatasetView(len(kept))
    for query in kept:
        keepers = [examples for examples in attacked if query in examples.ids]
        images = _images(numbers, keepers, query)
        budget -= sum(len(image.uri) for name, image in images.items() if name not in view.images)
        if budget < 0:
            break
        view.queries.append(_query(keepers, query))
        view.images.update(images)
    view.start = max((query.id for query in view.queries), key=lambda query: _telling(attacked, query), default=None)
    return view


def _telling(models: list[Examples], query: int) -> tuple[int, int, int]:
    """Return how well a query shows what the attack does: right unperturbed, broken for some models but not all."""
    keepers = [examples for examples in models if query in examples.ids]
    right = [examples for examples in keepers if examples.right(query, attacked=False)]
    broken = [examples for examples in right if not examples.right(query, attacked=True)]
    return bool(broken), len(right), len(broken) < len(right)


def _most_shared(models: list[Examples], count: int) -> list[int]:
    """Return the queries that the most models kept, in the order of their ids."""
    counts = Counter(query for examples in models for query in examples.ids)
    return sorted(sorted(counts, key=lambda query: (-counts[query], query))[:count])


def _query(models: list[Examples], query: int) -> QueryView:
    rows = [
        ModelView(
            loss=examples.model.loss,
            training=examples.model.training,
            run=f"run-{_name(examples)}",
            adversarial=f"{_name(examples)}-{query}",
            clean=examples.neighbours(query, attacked=False),
            attacked=examples.neighbours(query, attacked=True),
        )
        for examples in models
    ]
    return QueryView(query, models[0].label_of(query), rows)


def _name(examples: Examples) -> str:
    return "-".join(examples.model)


def _images(numbers: Numbers, models: list[Examples], query: int) -> dict[str, Picture]:
    """Return every image that one query refers to, by name."""
    first = models[0]
    images = {str(query): Picture(data_uri(first.clean_image(query)), first.label_of(query))}
    for examples in models:
        for neighbour in {*examples.neighbours(query, attacked=False), *examples.neighbours(query, attacked=True)}:
            picture = Picture(data_uri(examples.neighbour_image(neighbour)), examples.neighbour_label(neighbour))
            images.setdefault(str(neighbour), picture)
        name = f"{_name(examples)}-{query}"
        images[name] = Picture(data_uri(examples.adversarial_image(query)), first.label_of(query))
        images[f"{name}-change"] = Picture(data_uri(_magnified(numbers, examples, query)), None)
    return images


def _magnified(numbers: Numbers, examples: Examples, query: int) -> np.ndarray:
    """Return the perturbation, grey where it is zero; black and white are -epsilon and epsilon, or its l2 extremes."""
    change = examples.adversarial_image(query) - examples.clean_image(query)
    main = headline(numbers.study)
    largest = main.epsilon if main.attack.norm == "linf" else float(abs(change).max())
    scaled: np.ndarray = 0.5 + change / (2 * largest) if largest else change * 0 + 0.5
    return scaled
