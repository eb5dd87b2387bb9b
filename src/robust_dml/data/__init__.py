"""From archives to batches: `open_dataset` reads what the commands `index` and `store` have prepared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from robust_dml.config.data import DatasetConfig
    from robust_dml.data.loading.dataset import Dataset

__all__ = ["open_dataset"]


def open_dataset(config: DatasetConfig, data_root: Path) -> Dataset:
    """Open a prepared dataset. Raises UserError that says what to run if it is absent or does not fit the study."""
    from robust_dml.data.loading.dataset import Dataset  # heavy, and the workflow needs robust_dml.data.paths alone

    return Dataset(config, data_root)
