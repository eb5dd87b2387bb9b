"""BatchNorm whose statistics are frozen, folded into the convolution before it: the same function, computed faster.

A frozen BatchNorm is x -> scale * x + shift per channel, and so is the convolution's weight times scale. The fold
is made once per training step, under autograd, so that all passes of the step share it and the gradient reaches
the convolution's weight and BatchNorm's affine weights. The cast to the precision of the step is part of it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.func import functional_call

from robust_dml.models.embedding import EmbeddingModel
from robust_dml.models.encoder import Encoder
from robust_dml.models.image_convolution import ImageConvolution

BatchNorm = nn.modules.batchnorm._BatchNorm
Weights = dict[str, Tensor]


class FoldedModel:
    """`folded(folded.weights(dtype), images)` is the model in eval mode; it holds no weights of its own."""

    def __init__(self, model: EmbeddingModel) -> None:
        self.model = model
        self.pairs = [pair for pair in _convolution_batchnorm(model) if _foldable(*map(model.get_submodule, pair))]
        batchnorms = {name for name, module in model.named_modules() if isinstance(module, BatchNorm)}
        self.folded = {batchnorm for _, batchnorm in self.pairs}
        self.alone = batchnorms - self.folded
        self.skeleton = copy.deepcopy(model).eval().to("meta")
        for name, module in list(self.skeleton.named_modules()):
            if ImageConvolution.fits(module):
                self.skeleton.set_submodule(name, ImageConvolution.like(module))
        for convolution, batchnorm in self.pairs:
            module = self.skeleton.get_submodule(convolution)
            assert isinstance(module, nn.Conv2d)
            module.bias = nn.Parameter(torch.empty(module.out_channels, device="meta"))
            self.skeleton.set_submodule(batchnorm, nn.Identity())

    def weights(self, dtype: torch.dtype | None = None) -> Weights:
        """Return the folded weights, differentiable in the model's; `dtype` casts all but a BatchNorm not folded."""
        weights: Weights = dict(self.model.named_parameters(remove_duplicate=False))
        buffers = dict(self.model.named_buffers(remove_duplicate=False))
        for convolution, batchnorm in self.pairs:
            scale, shift = _scale_and_shift(weights, buffers, batchnorm, self.model)
            bias = weights.get(f"{convolution}.bias")
            weights[f"{convolution}.weight"] = weights[f"{convolution}.weight"] * scale.view(-1, 1, 1, 1)
            weights[f"{convolution}.bias"] = shift if bias is None else shift + bias * scale
        cast = {name: w if dtype is None or _within(name, self.alone) else w.to(dtype) for name, w in weights.items()}
        return {name: tensor for name, tensor in (cast | buffers).items() if not _within(name, self.folded)}

    def __call__(self, weights: Weights, images: Tensor) -> Tensor:
        """Embed images (B, 3, H, W) with `weights`."""
        embeddings: Tensor = functional_call(self.skeleton, weights, (images,), tie_weights=False)
        return embeddings


class FrozenEmbedding:
    """A model in eval mode, folded, as a function from images (B, 3, H, W) to embeddings (B, d).

    The weights are the model's present ones in their own precision, without gradient. Create a new instance after the
    weights change.
    """

    def __init__(self, folded: FoldedModel, memory_format: torch.memory_format) -> None:
        self.folded = folded
        self.format = memory_format
        with torch.no_grad():
            self.weights = {name: weight.detach() for name, weight in folded.weights().items()}

    def __call__(self, images: Tensor) -> Tensor:
        """Embed images (B, 3, H, W)."""
        return self.folded(self.weights, images.contiguous(memory_format=self.format))


def frozen_embedding(model: EmbeddingModel, memory_format: torch.memory_format) -> Callable[[Tensor], Tensor]:
    """Return a model in eval mode as a function to embeddings, folded; an encoder of the user's is called as it is."""
    if isinstance(model.network, Encoder):
        return model.eval().requires_grad_(False)
    return FrozenEmbedding(FoldedModel(model), memory_format)


def has_batchnorm(model: nn.Module) -> bool:
    """Return whether the model's output depends on statistics of BatchNorm."""
    return any(isinstance(module, BatchNorm) for module in model.modules())


def _within(name: str, modules: set[str]) -> bool:
    return name.rpartition(".")[0] in modules


def _foldable(convolution: nn.Module, batchnorm: nn.Module) -> bool:
    return (
        type(convolution) is nn.Conv2d
        and isinstance(batchnorm, nn.BatchNorm2d)
        and batchnorm.track_running_stats
        and not convolution.training
        and not batchnorm.training
    )


def _scale_and_shift(weights: Weights, buffers: Weights, name: str, model: nn.Module) -> tuple[Tensor, Tensor]:
    batchnorm = model.get_submodule(name)
    assert isinstance(batchnorm, nn.BatchNorm2d)
    scale = (buffers[f"{name}.running_var"] + batchnorm.eps).rsqrt()
    if batchnorm.affine:
        scale = weights[f"{name}.weight"] * scale
    shift = -buffers[f"{name}.running_mean"] * scale
    return scale, shift + weights[f"{name}.bias"] if batchnorm.affine else shift


def _convolution_batchnorm(model: EmbeddingModel) -> Iterator[tuple[str, str]]:
    """Yield the names of (convolution, BatchNorm) where BatchNorm alone uses the convolution's output."""
    if not has_batchnorm(model):
        return
    try:
        graph = torch.fx.symbolic_trace(model.network).graph
    except Exception:  # a user's network may be anything; unfolded it is slower, not wrong
        return
    calls: dict[str, int] = {}
    for node in graph.nodes:
        if node.op == "call_module":
            calls[node.target] = calls.get(node.target, 0) + 1
    for node in graph.nodes:
        before = node.args[0] if node.op == "call_module" and len(node.args) == 1 else None
        if not isinstance(before, torch.fx.Node) or before.op != "call_module" or len(before.users) > 1:
            continue
        if calls[str(node.target)] == calls[str(before.target)] == 1:
            yield f"network.{before.target}", f"network.{node.target}"
