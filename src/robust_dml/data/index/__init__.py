"""The index of a dataset: one line per image, and how images are split."""
