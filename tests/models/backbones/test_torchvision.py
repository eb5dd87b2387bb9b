"""Names of torchvision's classifiers."""

from __future__ import annotations

from torchvision import models

from robust_dml.models.backbones.torchvision import classifiers


def test_the_names_in_the_sources_are_those_of_torchvision() -> None:
    assert classifiers() == sorted(models.list_models(module=models))
