"""How fast the engine is, beside the released way and beside the machine's limits: `python -m benchmarks`."""
