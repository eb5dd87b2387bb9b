"""The rows of the table, one module each; `rows(quick)` measures and yields them."""
