"""Sanity checks of the attacks on one model, one file each."""
