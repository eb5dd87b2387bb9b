"""`datasets`: where the images come from, how they are split and how they become a batch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from robust_dml.config.base import Name, Section, Share
from robust_dml.config.training import MinerConfig

DatasetKind = Literal["cub200", "cars196", "sop", "visualphish", "digits", "gaussians", "textures", "folder"]
Pixels = Annotated[int, Field(gt=0)]

SPLITS_OF_ONE_KIND = {"official": "sop", "original": "visualphish"}
KEYS_OF_KINDS = {
    "folder": ["folder"],
    "classes": ["textures"],
    "images": ["textures"],
    "images_per_class": ["textures", "gaussians"],
    "pixels": ["textures", "gaussians"],
}


class TransformConfig(Section):
    """Training: RandomResizedCrop(size, scale) and flip. Testing: Resize(resize), CenterCrop(size)."""

    size: Pixels = Field(224, description="side of the square that the model sees, in pixels")
    resize: Pixels = Field(256, description="short side after the resize of the test transform, in pixels")
    scale: tuple[float, float] = Field((0.6, 1.0), description="share of the area that a training crop covers")
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


class DatasetConfig(Section):
    """One dataset of a study."""

    kind: DatasetKind
    split: str = Field("sorted", pattern=r"^(sorted|official|original|random-[1-5]|samples-[1-5])$")
    gallery: Literal["test", "train"] = Field("test", description="the images a query is compared with")
    transform: TransformConfig = TransformConfig()
    validation: Share = Field(0.0, description="share of the training classes held out to choose a checkpoint")
    folder: Path | None = Field(None, description="kind folder: one sub-folder of images per class")
    classes: int | None = Field(None, gt=1, description="kind textures: number of classes")
    images: int | None = Field(None, gt=1, description="kind textures: images in all, instead of images_per_class")
    images_per_class: int | None = Field(None, gt=1, description="kinds textures and gaussians")
    pixels: Pixels | None = Field(None, description="kinds textures and gaussians: side of an image")
    backbone: Name = Field(description="one of the study's backbones")
    losses: list[Name] | None = Field(None, description="of the study's losses; all if absent")
    trainings: list[Name] | None = Field(None, description="of the study's trainings; all if absent")
    optimisation: dict[str, Any] = Field({}, description="keys of `optimisation` that differ for this dataset")
    miner: MinerConfig | None = Field(None, description="instead of the study's")

    @model_validator(mode="after")
    def _keys_fit_the_kind(self) -> Self:
        owner = SPLITS_OF_ONE_KIND.get(self.split, self.kind)
        if owner != self.kind:
            raise ValueError(f"split {self.split} exists for kind {owner} only")
        for key, kinds in KEYS_OF_KINDS.items():
            if getattr(self, key) is not None and self.kind not in kinds:
                raise ValueError(f"{key} is a key of kind {' and '.join(kinds)} only")
        if self.kind == "folder" and self.folder is None:
            raise ValueError("kind folder needs `folder`, a path with one sub-folder of images per class")
        if self.images is not None and self.images_per_class is not None:
            raise ValueError("give images or images_per_class, not both")
        return self
