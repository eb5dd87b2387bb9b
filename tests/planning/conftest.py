"""The made-up results of the report's tests, of which a status can be told."""

from report.conftest import made_up_folder, study, study_file

__all__ = ["made_up_folder", "study", "study_file"]
