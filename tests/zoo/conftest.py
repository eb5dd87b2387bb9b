"""The small study of tests/auditing, with its shortened protocol."""

from auditing.conftest import finished, short_standard, study_folder

__all__ = ["finished", "short_standard", "study_folder"]
