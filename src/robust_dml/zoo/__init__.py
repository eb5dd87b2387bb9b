"""Trained models whose weights and cards lie in the package: models/<name>/."""
