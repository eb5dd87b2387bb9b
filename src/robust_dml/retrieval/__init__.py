"""Exact retrieval: items, nearest neighbours, rankings and the metrics of both protocols."""

from robust_dml.retrieval.items import Items
from robust_dml.retrieval.ranking import Protocol, Ranking, rank, rank_attacked
from robust_dml.retrieval.search import Neighbours, search

__all__ = ["Items", "Neighbours", "Protocol", "Ranking", "rank", "rank_attacked", "search"]
