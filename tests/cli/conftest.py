"""The study of the tests of the evaluation, for the commands that run it."""

from evaluation.conftest import make_study, prepared_data

__all__ = ["make_study", "prepared_data"]
