"""`python -m robust_dml` is `robust-dml`."""

from robust_dml.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
