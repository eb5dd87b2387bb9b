"""Two halves of the queries: what an attacker learns on, and what the outcome is judged by."""

from __future__ import annotations

from robust_dml.retrieval.items import Items
from robust_dml.runtime.randomness import sample_seeds


def halves(queries: Items, seed: int) -> tuple[Items, Items]:
    """Return a random half of the queries for the attacker, and the other half, a function of ids and seed."""
    order = sample_seeds(queries.ids, seed, "hub", "halves").argsort(stable=True)
    middle = (len(order) + 1) // 2
    return queries.rows(order[:middle].sort().values), queries.rows(order[middle:].sort().values)
