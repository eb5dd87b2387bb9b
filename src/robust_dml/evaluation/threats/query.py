"""The perturbed query: a clean gallery, a query masked by its id, and recall@1 as the outcome."""

from __future__ import annotations

from robust_dml.records import Threat

ENTRY = Threat(
    label="perturbed query",
    summary="the query is perturbed and the gallery is clean; lower recall@1 is a stronger attack",
    perturbs="queries",
    metric="recall@1",
)
