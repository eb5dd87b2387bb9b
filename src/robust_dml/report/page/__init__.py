"""results/<study>/report.html: one file that is complete and sends no request."""

from robust_dml.report.page.build import build_page

__all__ = ["build_page"]
