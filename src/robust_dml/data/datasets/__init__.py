"""One module per kind of dataset: how its images come to be, and how its lists are read."""
