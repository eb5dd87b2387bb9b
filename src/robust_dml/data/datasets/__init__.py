"""One module per kind of dataset: its options, where its images come from, and how they are listed."""
