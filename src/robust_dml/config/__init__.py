"""The typed study: what a YAML file in config/ may say, and how the rest of the package reads it."""

from robust_dml.config.load import load_study
from robust_dml.config.resolve import ModelName, Run
from robust_dml.config.study import Study

__all__ = ["ModelName", "Run", "Study", "load_study"]
