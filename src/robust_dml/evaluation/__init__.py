"""Evaluation in three steps that know only files: attack, score, collect."""
