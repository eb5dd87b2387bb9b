"""Pre-trained weights: verified, from a file of the user's or a download, never silently random."""

from __future__ import annotations

import fcntl
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from robust_dml.config.training import BackboneConfig
from robust_dml.records import Weights
from robust_dml.runtime.errors import UserError

MIRROR = "https://download.pytorch.org/models"


def load_weights(network: nn.Module, config: BackboneConfig, data_root: Path) -> None:
    """Fill `network.trunk` from ImageNet weights, or the network (or its trunk) from the file that the study names.

    Raises UserError if the file is absent, has other bytes than published, or does not fit the network.
    """
    if isinstance(config.weights, Path):
        fill(network, read_weights(config.weights), str(config.weights))
    elif config.weights == "imagenet" and not config.record.fetches_imagenet:
        published = config.record.imagenet
        if published is None:
            raise UserError(f"backbones: there are no ImageNet weights for {config.kind}; give the path of a file")
        path = fetch_weights(published, data_root)
        fill(network, read_weights(path), str(path))


def fetch_weights(published: Weights, data_root: Path) -> Path:
    """Return the verified file, in <data_root>/weights, where the user may have put it; else download it.

    Of several jobs that need the file one downloads it and the others wait.
    """
    from robust_dml.data.archives.download import fetch
    from robust_dml.data.archives.sources import Archive

    archive = Archive(
        file=published.file,
        mirrors=[f"{MIRROR}/{published.file}"],
        sha256=published.sha256,
        size=published.size,
        unpacked=published.size,
    )
    folder = data_root / "weights"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return fetch(archive, folder)


def read_weights(path: Path) -> dict[str, Tensor]:
    """Return tensors by name, from a .safetensors file or a .pth file, of which only tensors are read.

    Raises UserError if the file is absent, damaged, or holds anything but tensors.
    """
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        weights = dict(torch.load(path, map_location="cpu", weights_only=True))
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file of weights; check `weights` in the study") from error
    except Exception as error:  # whatever a damaged file makes of the readers
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(f"{path}: not a file of weights, or damaged: {reason}") from error
    if not all(isinstance(tensor, torch.Tensor) for tensor in weights.values()):
        raise UserError(f"{path}: not a file of weights: expected tensors by name")
    return weights


def fill(network: nn.Module, weights: dict[str, Tensor], source: str) -> None:
    """Load a whole model, a whole network, or a trunk whose classifier is dropped.

    Raises UserError, with `source`, unless every weight of the network or of its trunk is found, finite and of its
    shape.
    """
    weights = {name.removeprefix("network."): tensor for name, tensor in weights.items()}
    whole = any(name.startswith("head.") for name in weights) or not hasattr(network, "trunk")
    target = network if whole else network.get_submodule("trunk")
    wanted = target.state_dict()
    optional = {name: tensor for name, tensor in wanted.items() if name.endswith("num_batches_tracked")}
    weights = {name: tensor for name, tensor in {**optional, **weights}.items() if name in wanted}
    require_fit(weights, wanted, source)
    target.load_state_dict(weights)


def require_fit(weights: Mapping[str, Tensor], wanted: Mapping[str, Tensor], source: str) -> None:
    """Raise UserError if a weight is missing, has another shape than wanted, or has entries that are not finite."""
    missing = [name for name in wanted if name not in weights]
    wrong = [name for name in wanted if name in weights and weights[name].shape != wanted[name].shape]
    differ = missing + wrong
    if differ:
        raise UserError(f"{source}: the weights do not fit the backbone: {len(differ)} differ, such as {differ[0]}")
    infinite = [name for name in wanted if not weights[name].isfinite().all()]
    if infinite:
        raise UserError(f"{source}: {len(infinite)} weights are not finite, such as {infinite[0]}; train it again")
