"""What a GPU shows in one command, `make gpu`: tests, speeds, an epoch of each training (docs/gpu.md)."""
