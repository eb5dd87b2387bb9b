"""`datasets`: where the images come from, how they are split and how they become a batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from robust_dml.config.base import Name, Section, Share

DatasetKind = Literal["cub200", "cars196", "sop", "visualphish", "digits", "gaussians", "textures", "folder"]


class TransformConfig(Section):
    """Training: RandomResizedCrop(size, scale) and flip. Testing: Resize(resize), CenterCrop(size)."""

    size: int = Field(224, gt=0, description="side of the square that the model sees, in pixels")
    resize: int = Field(256, gt=0, description="short side after the resize of the test transform, in pixels")
    scale: tuple[float, float] = Field((0.6, 1.0), description="share of the area that a training crop covers")
    flip: Share = Field(0.5, description="probability of a horizontal flip in training")


class DatasetConfig(Section):
    """One dataset of a study."""

    kind: DatasetKind
    split: str = Field("sorted", pattern=r"^(sorted|official|original|random-[1-5]|samples-[1-5])$")
    gallery: Literal["test", "train"] = Field("test", description="the images a query is compared with")
    transform: TransformConfig = TransformConfig()
    validation: Share = Field(0.0, description="share of the training classes held out to choose a checkpoint")
    folder: Path | None = Field(None, description="kind folder: one sub-folder of images per class")
    classes: int | None = Field(None, gt=1, description="kind textures: number of classes")
    images_per_class: int | None = Field(None, gt=1, description="kinds textures and gaussians")
    pixels: int | None = Field(None, gt=0, description="kinds textures and gaussians: side of an image")
    backbone: Name = Field(description="one of the study's backbones")
    losses: list[Name] | None = Field(None, description="of the study's losses; all if absent")
    trainings: list[Name] | None = Field(None, description="of the study's trainings; all if absent")
    optimisation: dict[str, Any] = Field({}, description="keys of `optimisation` that differ for this dataset")
