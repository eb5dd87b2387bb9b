"""Exact nearest neighbours."""

from robust_dml.retrieval.search import Neighbours, search

__all__ = ["Neighbours", "search"]
