"""The typed study: what a YAML file in config/ may say, and how the rest of the package reads it."""

from robust_dml.config.load import load_study
from robust_dml.config.resolve import Run, attack_settings, data_settings, training_settings
from robust_dml.config.study import Study

__all__ = ["Run", "Study", "attack_settings", "data_settings", "load_study", "training_settings"]
