"""The ground that everything stands on: files, devices, progress, randomness, errors."""
