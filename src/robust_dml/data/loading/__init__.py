"""Prepared images as batches for training and as parts for evaluation."""
