"""results/<study>/report.html: one file that holds all that a reader needs and asks nothing of a network."""

from robust_dml.report.page.build import build_page

__all__ = ["build_page"]
