"""Files, devices, progress, randomness, errors: used by every other package, and importing none."""
