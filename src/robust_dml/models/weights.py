"""Pre-trained weights: verified, from a file of the user's or a download, never silently random."""

from __future__ import annotations

import fcntl
from pathlib import Path

import torch
from torch import Tensor, nn

from robust_dml.config.training import BackboneConfig
from robust_dml.data.archives.sources import Archive
from robust_dml.runtime.errors import UserError


def _published(file: str, sha256: str, size: int) -> Archive:
    mirror = f"https://download.pytorch.org/models/{file}"
    return Archive(file=file, mirrors=[mirror], sha256=sha256, size=size, unpacked=size)


# torchvision's IMAGENET1K_V1 weights; VisualPhishNet starts from those of VGG16.
IMAGENET = {
    "resnet18": _published(
        "resnet18-f37072fd.pth", "f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec", 46_830_571
    ),
    "resnet50": _published(
        "resnet50-0676ba61.pth", "0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a", 102_530_333
    ),
    "visualphishnet": _published(
        "vgg16-397923af.pth", "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0", 553_433_881
    ),
}


def load_weights(network: nn.Module, config: BackboneConfig, data_root: Path) -> None:
    """Fill `network.trunk` from ImageNet weights, or the network (or its trunk) from the file the study names.

    Raises UserError if the file is absent, has other bytes than published, or does not fit the network.
    """
    if isinstance(config.weights, Path):
        fill(network, read_weights(config.weights), str(config.weights))
    elif config.weights == "imagenet":
        if config.kind not in IMAGENET:
            raise UserError(f"backbones: there are no ImageNet weights for {config.kind}; give the path of a file")
        path = fetch_weights(IMAGENET[config.kind], data_root)
        fill(network, read_weights(path), str(path))


def fetch_weights(file: Archive, data_root: Path) -> Path:
    """The verified file, in <data_root>/weights, where the user may have put it; else it is downloaded.

    Of several jobs that want it one downloads and the others wait.
    """
    from robust_dml.data.archives.download import fetch

    folder = data_root / "weights"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return fetch(file, folder)


def read_weights(path: Path) -> dict[str, Tensor]:
    """Tensors by name, from a .safetensors file or a .pth file; of a .pth, nothing but tensors is admitted."""
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        return dict(torch.load(path, map_location="cpu", weights_only=True))
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file of weights; check `weights` in the study") from error
    except Exception as error:
        raise UserError(f"{path}: not a file of weights: {str(error).splitlines()[0]}") from error


def fill(network: nn.Module, weights: dict[str, Tensor], source: str) -> None:
    """Load a whole model, a whole network, or a trunk whose classifier is dropped; every target must be met."""
    weights = {name.removeprefix("network."): tensor for name, tensor in weights.items()}
    whole = any(name.startswith("head.") for name in weights) or not hasattr(network, "trunk")
    target = network if whole else network.get_submodule("trunk")
    wanted = target.state_dict()
    missing = [name for name in wanted if name not in weights and not name.endswith("num_batches_tracked")]
    wrong = [name for name in wanted if name in weights and weights[name].shape != wanted[name].shape]
    if missing or wrong:
        first = (missing + wrong)[0]
        raise UserError(
            f"{source}: the weights do not fit the backbone: {len(missing + wrong)} differ, such as {first}"
        )
    target.load_state_dict({name: weights.get(name, wanted[name]) for name in wanted})
