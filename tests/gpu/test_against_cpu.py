"""Networks, gradients, attacks and search on the device against the CPU."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from benchmarks import engine
from robust_dml.attacks import LinfBall
from robust_dml.attacks.objectives import repel
from robust_dml.attacks.optimisers.pgd import pgd
from robust_dml.config.training import BackboneConfig, OptimisationConfig
from robust_dml.models import build_model
from robust_dml.models.image_convolution import ImageConvolution
from robust_dml.retrieval import Items, rank
from robust_dml.retrieval.search import search
from robust_dml.training.forward import ForwardPasses

pytestmark = pytest.mark.usefixtures("exact")


def passes_of(kind: str, images: Tensor, precision: str, device: str) -> ForwardPasses:
    """A network with fitted BatchNorm, folded, on a device."""
    model = build_model(BackboneConfig(kind=kind, embedding=32), seed=0, data_root=Path())
    engine.calibrate(model, images)
    return ForwardPasses(model.to(device), OptimisationConfig(precision=precision), freeze_batchnorm=True)  # type: ignore[arg-type]


def images_of(count: int, pixels: int) -> Tensor:
    return torch.rand(count, 3, pixels, pixels, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("kind", ["convnet", "resnet18"])
def test_embeddings(kind: str, device: str) -> None:
    images = images_of(8, 32)
    expected = passes_of(kind, images, "fp32", "cpu").embed_constant(images)
    found = passes_of(kind, images, "fp32", device).embed_constant(images.to(device))
    torch.testing.assert_close(found.cpu(), expected, rtol=1e-3, atol=1e-4)


def test_embeddings_in_bf16_are_near_those_in_float32(device: str) -> None:
    images = images_of(8, 32)
    expected = passes_of("convnet", images, "fp32", "cpu").embed_constant(images)
    found = passes_of("convnet", images, "bf16", device).embed_constant(images.to(device))
    assert torch.nn.functional.cosine_similarity(found.cpu(), expected).min() > 0.99


@pytest.mark.parametrize(("kernel", "stride", "padding"), [(7, 2, 3), (3, 2, 1), (4, 4, 0)])
def test_gradient_of_the_first_convolution(kernel: int, stride: int, padding: int, device: str) -> None:
    torch.manual_seed(0)
    plain = nn.Conv2d(3, 16, kernel, stride, padding)
    ours = ImageConvolution.like(plain)
    ours.load_state_dict(plain.state_dict())
    images, upstream = images_of(4, 32), None
    gradients = []
    for layer, where in ((plain, "cpu"), (ours.to(device), device)):
        x = images.to(where).detach().requires_grad_()
        found = layer(x)
        upstream = torch.ones_like(found) if upstream is None else upstream
        gradients.append(torch.autograd.grad(found, x, upstream.to(where))[0].cpu())
    torch.testing.assert_close(gradients[1], gradients[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("k", [1, 5])
def test_neighbours_in_order_with_ties(k: int, device: str) -> None:
    generator = torch.Generator().manual_seed(0)
    gallery = torch.nn.functional.normalize(torch.randn(400, 16, generator=generator)).repeat(2, 1)  # each item twice
    ids = torch.arange(800)
    expected = search(gallery[:50], gallery, k, query_ids=ids[:50], gallery_ids=ids)
    on_device = [part.to(device) for part in (gallery[:50], gallery, ids[:50], ids)]
    found = search(on_device[0], on_device[1], k, query_ids=on_device[2], gallery_ids=on_device[3])
    assert found.positions.cpu().equal(expected.positions)
    assert (expected.positions[:, 0] == ids[:50] + 400).all()  # its copy, at distance zero


def test_recall_under_attack(device: str) -> None:
    images = images_of(40, 16)
    labels = torch.arange(40) % 8
    images += 0.1 * labels[:, None, None, None] / 8
    images.clamp_(0, 1)
    right = []
    for where in ("cpu", device):
        passes = passes_of("convnet", images, "fp32", where)
        clean = passes.embed_constant(images.to(where)).detach()
        items = Items(clean, labels.to(where), torch.arange(40, device=where))
        start = LinfBall(0.05).project(images.to(where) + 0.02, images.to(where))
        other = clean.roll(8, 0)
        found = pgd(passes.embed_constant, images.to(where), repel(other), LinfBall(0.05), steps=5, start=start)
        assert float((found.cpu() - images).abs().max()) <= 0.05 + 1e-6
        moved = items.embedded_as(passes.embed_constant(found).detach())
        right.append(rank(moved, items).right.cpu())
    assert int((right[0] != right[1]).sum()) <= 1  # a query at the boundary may fall on either side
