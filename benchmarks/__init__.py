"""Speed of the code, compared with the released code and with the machine's limits: `python -m benchmarks`."""
