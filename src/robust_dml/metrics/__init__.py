"""Retrieval and clustering metrics."""

from robust_dml.metrics.clustering import clustering_metrics
from robust_dml.retrieval.protocols import Protocol, retrieval_metrics

__all__ = ["Protocol", "clustering_metrics", "retrieval_metrics"]
