"""Pre-trained weights: verified, from a file of the user's or a download, never silently random."""

from __future__ import annotations

import urllib.request
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from robust_dml.config.training import BackboneConfig
from robust_dml.errors import UserError
from robust_dml.files import replacing, sha256_of
from robust_dml.progress import say, track

CHUNK = 1 << 20


@dataclass(frozen=True)
class WeightsFile:
    """A published file of weights."""

    name: str
    sha256: str
    size: int

    @property
    def url(self) -> str:
        """Where torchvision publishes it."""
        return f"https://download.pytorch.org/models/{self.name}"


# torchvision's IMAGENET1K_V1 weights; VisualPhishNet starts from those of VGG16.
IMAGENET = {
    "resnet18": WeightsFile(
        "resnet18-f37072fd.pth", "f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec", 46_830_571
    ),
    "resnet50": WeightsFile(
        "resnet50-0676ba61.pth", "0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a", 102_530_333
    ),
    "visualphishnet": WeightsFile(
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


def fetch_weights(file: WeightsFile, data_root: Path) -> Path:
    """The verified file, in <data_root>/weights, where the user may have put it; else it is downloaded."""
    path = data_root / "weights" / file.name
    if not path.exists():
        _download(file, path)
    found = sha256_of(path)
    if found != file.sha256:
        raise UserError(f"{path}: sha256 is {found}, expected {file.sha256}; delete the file and run again")
    return path


def _download(file: WeightsFile, path: Path) -> None:
    say(f"downloading {file.url} ({file.size / 2**20:.0f} MiB)")
    try:
        with urllib.request.urlopen(file.url, timeout=60) as response, replacing(path) as temporary:
            with temporary.open("wb") as stream:
                chunks = iter(lambda: response.read(CHUNK), b"")
                for chunk in track(chunks, title=file.name, total=file.size // CHUNK + 1, unit="MiB"):
                    stream.write(chunk)
            if sha256_of(temporary) != file.sha256:
                raise UserError(
                    f"{file.url}: the bytes received are not those published; run again, or {_by_hand(path)}"
                )
    except OSError as error:
        raise UserError(f"{file.url}: cannot be fetched ({error}); check the network, or {_by_hand(path)}") from error


def _by_hand(path: Path) -> str:
    return f"put the file at {path}, or set `weights: PATH` in the study"


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
