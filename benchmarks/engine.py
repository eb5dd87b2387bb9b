"""Our code as the rows time it: trainings and datasets made as a study makes them."""

from __future__ import annotations

import copy
import tempfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from robust_dml.config import Run, Study
from robust_dml.data.index.build import build_index
from robust_dml.data.loading.batches import Batch
from robust_dml.data.store.build import build_store
from robust_dml.training.setup import Training

BASIS: dict[str, Any] = {
    "name": "bench",
    "losses": {"contrastive": {"kind": "contrastive"}},
    "trainings": {"natural": {"method": "natural"}, "robust": {"method": "robust"}},
    "attacks": {"pgd": {"optimiser": "pgd", "epsilon": 0.01, "steps": 20}},
}
RESNET50 = {"kind": "resnet50", "embedding": 128}
DEMO_NET = {"kind": "convnet", "widths": [16, 32, 64], "embedding": 64}


def textures(*, classes: int, images_per_class: int, pixels: int) -> dict[str, Any]:
    """Return a dataset of generated images, half of its classes for training."""
    transform = {"size": pixels, "resize": pixels, "train_side": pixels}
    sizes = {"classes": classes, "images_per_class": images_per_class, "pixels": pixels}
    return {"kind": "textures", "transform": transform, "backbone": "net", **sizes}


def digits(pixels: int = 16) -> dict[str, Any]:
    """Return the demo's dataset."""
    transform = {"size": pixels, "resize": pixels, "train_side": pixels, "flip": 0.0}
    return {"kind": "digits", "transform": transform, "backbone": "net"}


def make_study(data_root: Path, dataset: dict[str, Any], backbone: dict[str, Any], **sections: Any) -> Study:
    """Return a study of one dataset and one backbone on the CPU; `sections` replace those of `BASIS`."""
    parts = {"data_root": data_root, "datasets": {"images": dataset}, "backbones": {"net": backbone}}
    return Study(**{**BASIS, "device": "cpu", **parts, **sections})


def prepare(study: Study, workers: int = 1) -> None:
    """Make the images of a study, index and pack them."""
    for config in study.datasets.values():
        build_index(config, study.data_root, study.sources, workers=workers)
        build_store(config, study.data_root, workers=workers)


def open_training(study: Study, training: str = "robust") -> Training:
    """Return a training at its beginning."""
    return Training(study, Run("images", "contrastive", training, 0))


def resnet_training(images: Tensor, *, device: str = "cpu", training: str = "robust", **optimisation: Any) -> Training:
    """Return a training of ResNet50 with BatchNorm fitted to `images`, uint8 (B, 3, S, S)."""
    with tempfile.TemporaryDirectory() as folder:
        dataset = textures(classes=4, images_per_class=2, pixels=images.shape[-1])
        settings = {"classes_per_batch": 2, **optimisation}
        study = make_study(Path(folder), dataset, RESNET50, device=device, optimisation=settings)
        prepare(study)
        found = open_training(study, training)
    calibrate(found.forward.model, images.to(found.device).float() / 255)
    found.forward.refresh()
    return found


def calibrate(model: nn.Module, images: Tensor) -> None:
    """Set BatchNorm's statistics to those of `images` (B, 3, H, W), since random weights have none that fit."""
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = None
        norm.train()
    with torch.no_grad():
        model(images)
    for norm in norms:
        norm.momentum = 0.1
        norm.eval()


def plain_copy(model: nn.Module) -> nn.Module:
    """The same network in NCHW, for the released way."""
    plain: nn.Module = copy.deepcopy(model).to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    return plain


def random_batch(classes: int, samples: int, pixels: int) -> Batch:
    """Return noise, uint8 (classes * samples, 3, pixels, pixels) channels last, `samples` images of each class."""
    generator = torch.Generator().manual_seed(0)
    count = classes * samples
    images = torch.randint(0, 256, (count, 3, pixels, pixels), dtype=torch.uint8, generator=generator)
    labels = torch.arange(classes).repeat_interleave(samples)
    return Batch(images.contiguous(memory_format=torch.channels_last), labels, torch.arange(count))
