"""`datasets`: where the images come from, how they are split and how they become a batch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from robust_dml.config.training import MinerConfig
from robust_dml.records import DATASETS, DatasetKind
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.options import Entry
from robust_dml.runtime.section import Integer, Name, Number, Section, Share

Pixels = Annotated[Integer, Field(gt=0, le=4096)]

NO_SPLIT = "none"  # no image trains
SPLITS = ("sorted", *(f"{way}-{draw}" for way in ("random", "samples") for draw in range(1, 6)), NO_SPLIT)


class TransformConfig(Section):
    """Training: RandomResizedCrop(size, scale) and flip. Testing: Resize(resize), CenterCrop(size)."""

    size: Pixels = Field(224, description="side of the square that the model sees, in pixels")
    resize: Pixels = Field(256, description="short side after the resize of the test transform, in pixels")
    scale: tuple[Number, Number] = Field((0.6, 1.0), description="share of the area that a training crop covers")
    flip: Share = Field(0.5, description="probability of a horizontal flip in training")
    aspect: Literal["crop", "squeeze"] = Field(
        "crop", description="squeeze: Resize((size, size)) for training and testing instead, as for VisualPhish"
    )
    train_side: Pixels | Literal["original"] = Field(
        256, description="short side at which training images are stored; original: decode the files at each epoch"
    )

    @model_validator(mode="after")
    def _sizes_fit(self) -> Self:
        if self.resize < self.size:
            raise ValueError(f"resize ({self.resize}) must not be smaller than size ({self.size})")
        if self.train_side != "original" and self.train_side < self.size:
            raise ValueError(f"train_side ({self.train_side}) must not be smaller than size ({self.size})")
        if not 0 < self.scale[0] <= self.scale[1] <= 1:
            raise ValueError(f"scale must rise within (0, 1] (found {list(self.scale)})")
        return self


class DatasetConfig(Entry):
    """One dataset of a study. Options of its kind stand beside these keys."""

    kind: str = Field(description="a kind of `robust-dml list dataset`, or MODULE:NAME of your own")
    split: str = Field(
        "sorted",
        description="sorted, random-1 to -5, samples-1 to -5, a split of the kind, or none: no image trains; a kind"
        " that lists queries and gallery apart has its own split if this is absent",
    )
    gallery: Literal["test", "train"] = Field("test", description="the images a query is compared with")
    transform: TransformConfig = TransformConfig()
    validation: Share = Field(0.0, description="share of the training classes held out to choose a checkpoint")
    backbone: Name = Field(description="one of the study's backbones")
    losses: Annotated[list[Name], Field(min_length=1)] | None = Field(
        None, description="of the study's losses; all if absent"
    )
    trainings: Annotated[list[Name], Field(min_length=1)] | None = Field(
        None, description="of the study's trainings; all if absent"
    )
    seeds: Annotated[list[Integer], Field(min_length=1)] | None = Field(
        None, description="of the study's seeds; all if absent"
    )
    optimisation: dict[str, Any] = Field({}, description="keys of `optimisation` that differ for this dataset")
    miner: MinerConfig | None = Field(None, description="instead of the study's")

    @classmethod
    def find(cls, name: str) -> DatasetKind:
        """Return the record of a kind of dataset."""
        return DATASETS.load(name)

    @property
    def own_folder(self) -> Path | None:
        """The folder of the user's own images; None for other kinds."""
        return getattr(self.options, "folder", None) if self.find(self.kind).origin == "own" else None

    @property
    def listing(self) -> Path | None:
        """The file that lists the images; None for a kind whose folder does."""
        record = self.find(self.kind)
        return record.listing(self.options) if record.listing else None

    @property
    def has_roles(self) -> bool:
        """Whether the split lists queries and gallery apart."""
        record = self.find(self.kind)
        return record.roles and self.split in record.splits

    @model_validator(mode="before")
    @classmethod
    def _own_split_of_a_kind_with_roles(cls, data: Any) -> Any:
        kind = data.get("kind") if isinstance(data, Mapping) else None
        if not isinstance(kind, str) or "split" in data:
            return data
        try:
            record = cls.find(kind)
        except UserError:
            return data  # the field itself says what is wrong
        return {**data, "split": record.splits[0]} if record.roles else data

    @model_validator(mode="after")
    def _split_exists(self) -> Self:
        known = (*SPLITS, *self.find(self.kind).splits)
        if self.split not in known:
            raise ValueError(f"split: {self.kind} has no split {self.split}; it has {', '.join(known)}")
        if self.gallery == "train" and self.has_roles:
            raise ValueError(f"gallery: the split {self.split} of {self.kind} lists its own gallery; leave the key out")
        if self.gallery == "train" and self.split.startswith(("sorted", "random-")):
            raise ValueError(
                f"gallery: with the split {self.split} no class of the test images is in the training images, so there"
                " is nothing to find; use a split samples-1 to -5, or gallery: test"
            )
        return self
