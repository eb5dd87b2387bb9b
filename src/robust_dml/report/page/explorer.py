"""What the explorer of the page shows: queries, their neighbours under each model, the perturbation magnified."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from robust_dml.report.catalogue import photographs
from robust_dml.report.cells import Numbers
from robust_dml.report.examples import Examples, read_examples
from robust_dml.report.page.images import data_uri
from robust_dml.report.selection import groups, headline, trainings_of

if TYPE_CHECKING:
    import numpy as np

BUDGET = 9_000_000  # characters of images in the page, so that it stays far below 15 MB


def explorer(numbers: Numbers) -> dict[str, Any]:
    """For each dataset: its queries, the models that were attacked, and the images that both refer to by name."""
    datasets = photographs(numbers.study)
    found = {dataset: _dataset(numbers, dataset, BUDGET // len(datasets)) for dataset in datasets}
    return {dataset: content for dataset, content in found.items() if content["queries"]}


def _dataset(numbers: Numbers, dataset: str, budget: int) -> dict[str, Any]:
    models = [
        examples
        for _, loss in (group for group in groups(numbers.study) if group[0] == dataset)
        for training in trainings_of(numbers.study, dataset, loss)
        if (examples := read_examples(numbers.results, (dataset, loss, training)))
    ]
    kept = _most_shared(models, numbers.study.report.examples)
    content: dict[str, Any] = {"kept": len(kept), "queries": [], "images": {}}
    for query in kept:
        images: dict[str, Any] = {}
        entry = _query(numbers, [examples for examples in models if query in examples.ids], query, images)
        budget -= sum(len(image["uri"]) for name, image in images.items() if name not in content["images"])
        if budget < 0:
            break
        content["queries"].append(entry)
        content["images"].update(images)
    return content


def _most_shared(models: list[Examples], count: int) -> list[int]:
    """The queries that the most models kept, in the order of their ids."""
    counts = Counter(query for examples in models for query in examples.ids)
    return sorted(sorted(counts, key=lambda query: (-counts[query], query))[:count])


def _query(numbers: Numbers, models: list[Examples], query: int, images: dict[str, Any]) -> dict[str, Any]:
    """One query under every model; `images` gathers what it shows."""
    first = models[0]
    images[str(query)] = {"uri": data_uri(first.clean(query)), "label": first.label(query)}
    rows = []
    for examples in models:
        for neighbour in {*examples.neighbours(query, attacked=False), *examples.neighbours(query, attacked=True)}:
            image = {"uri": data_uri(examples.image(neighbour)), "label": examples.neighbour_label(neighbour)}
            images.setdefault(str(neighbour), image)
        name = "-".join(examples.model)
        images[f"{name}-{query}"] = {"uri": data_uri(examples.adversarial(query)), "label": first.label(query)}
        images[f"{name}-{query}-change"] = {"uri": data_uri(_magnified(numbers, examples, query)), "label": None}
        rows.append(
            {
                "loss": examples.model[1],
                "training": examples.model[2],
                "run": f"run-{name}",
                "adversarial": f"{name}-{query}",
                "clean": examples.neighbours(query, attacked=False),
                "attacked": examples.neighbours(query, attacked=True),
            }
        )
    return {"id": query, "label": first.label(query), "models": rows}


def _magnified(numbers: Numbers, examples: Examples, query: int) -> np.ndarray:
    """The perturbation, grey where there is none; black and white are -epsilon and epsilon, or its l2 extremes."""
    change = examples.adversarial(query) - examples.clean(query)
    main = headline(numbers.study)
    linf = numbers.study.attacks[main.attack].norm == "linf"
    largest = main.epsilon if linf else float(abs(change).max())
    scaled: np.ndarray = 0.5 + change / (2 * largest) if largest else change * 0 + 0.5
    return scaled
