"""`robust_dml.audit`: an encoder and images of a Python program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from robust_dml.auditing.audit import run_audit
from robust_dml.auditing.encoder import plain_name
from robust_dml.auditing.request import AuditRequest, Device, Norm
from robust_dml.cards.card import About, Card, read_card
from robust_dml.models.given import give
from robust_dml.runtime.errors import UserError
from robust_dml.runtime.files import filling
from robust_dml.runtime.progress import say

ROUNDED = 1e-4  # of [0, 1]: images closer to 8 bits than this are those of a file


def audit(
    embed: Callable[[Tensor], Tensor],
    images: Tensor | NDArray[Any],
    labels: Sequence[int] | Tensor | NDArray[Any],
    *,
    ids: Sequence[int] | Tensor | NDArray[Any] | None = None,
    out: str | Path = "audit",
    radii: Sequence[float] | None = None,
    norm: Norm = "linf",
    queries: int | None = None,
    threats: Sequence[str] = (),
    device: Device | None = None,
    batch: int | None = None,
    name: str = "encoder",
    about: About | None = None,
) -> Card:
    """Audit an encoder on images of the program by the standard protocol, and return its card.

    `embed` is a module or a function from float images (B, 3, S, S) in [0, 1] to embeddings (B, d); `images` are
    (N, 3, S, S), uint8 or float in [0, 1]; they are kept with 8 bits. `labels` (N,) are classes, `ids` (N,) order the
    images within a class (their own order if absent). All files go to the folder `out`; a second call with the same
    arguments goes on where a killed one stopped. `radii` are in pixels of [0, 1];
    `threats` are kinds that are measured beside the protocol, such as `hub`.
    Raises UserError if the encoder or the images cannot be used.
    """
    pixels = eight_bits(images)
    folder = Path(out) / "images"
    write_classes(folder, pixels, _integers(labels, len(pixels), "labels"), _ids(ids, len(pixels)))
    request = AuditRequest(
        encoder=give(name, embed),
        data=str(folder),
        out=Path(out),
        radii=tuple(radii) if radii else None,
        norm=norm,
        queries=queries,
        threats=tuple(threats),
        device=device,
        batch=batch,
        size=pixels.shape[2],
        name=plain_name(name),
        data_root=Path(out) / "prepared",
    )
    run_audit(request, about)
    return read_card(Path(out) / "card.json")


def eight_bits(images: Tensor | NDArray[Any]) -> NDArray[np.uint8]:
    """Return images (N, 3, S, S) as uint8. Raises UserError unless they are square, and uint8 or in [0, 1]."""
    found = torch.as_tensor(images).detach().cpu()
    if found.ndim != 4 or found.shape[1] != 3 or found.shape[2] != found.shape[3]:
        raise UserError(f"images: expected (N, 3, S, S), square, found {tuple(found.shape)}")
    if found.dtype == torch.uint8:
        return found.numpy()
    if not found.is_floating_point() or not bool(((found >= 0) & (found <= 1)).all()):
        raise UserError("images: expected uint8, or floats in [0, 1], without mean and std removed")
    levels = (255 * found.double()).round()
    moved = float((levels / 255 - found).abs().max())
    if moved > ROUNDED:
        say(f"images: kept with 8 bits, which moves pixels by up to {moved:.4f}")
    return levels.to(torch.uint8).numpy()


def write_classes(folder: Path, pixels: NDArray[np.uint8], labels: NDArray[np.int64], ids: NDArray[np.int64]) -> None:
    """Write images (N, 3, S, S) as a folder per class, whose names sort as labels and ids do."""
    with filling(folder) as unfinished:
        for image, label, number in zip(pixels, labels.tolist(), ids.tolist(), strict=True):
            place = unfinished / f"{label:08d}"
            place.mkdir(exist_ok=True)
            Image.fromarray(image.transpose(1, 2, 0)).save(place / f"{number:012d}.png")


def _ids(ids: Sequence[int] | Tensor | NDArray[Any] | None, count: int) -> NDArray[np.int64]:
    found = _integers(np.arange(count) if ids is None else ids, count, "ids")
    if len(np.unique(found)) < count:
        raise UserError("ids: expected a different one for each image")
    return found


def _integers(values: Sequence[int] | Tensor | NDArray[Any], count: int, what: str) -> NDArray[np.int64]:
    found = np.asarray(torch.as_tensor(values).cpu())
    if found.shape != (count,) or found.dtype.kind not in "iu" or (count and int(found.min()) < 0):
        raise UserError(
            f"{what}: expected {count} whole numbers from 0 on, one per image, found {found.dtype} {found.shape}"
        )
    return found.astype(np.int64)
