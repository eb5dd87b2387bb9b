"""The adapters of docs/audit.md run, with random weights, where their library is installed; so does its Python."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
import yaml

from checkout import ROOT
from repository import environment
from robust_dml.cards.card import About
from robust_dml.config.models import encoder_backbone
from robust_dml.config.training import BackboneConfig
from robust_dml.models.build import build_model
from robust_dml.runtime.source_code import source_of

PAGE = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")
ADAPTERS, IN_PYTHON = re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
LIBRARIES = {
    "torchvision_resnet50": ("torchvision", 2048),
    "timm_vit": ("timm", 384),
    "open_clip_image": ("open_clip", 512),
    "dinov2": ("transformers", 384),
    "hugging_face_vit": ("transformers", 768),
}
# Pre-trained weights would be fetched; random ones have the same shapes.
RANDOM = {
    "weights=ResNet50_Weights.IMAGENET1K_V2": "weights=None",
    "pretrained=True": "pretrained=False",
    'pretrained="laion2b_s34b_b79k"': "pretrained=None",
    'AutoModel.from_pretrained("facebook/dinov2-small")': "random_dinov2()",
    'AutoModel.from_pretrained("google/vit-base-patch16-224-in21k")': "random_vit()",
}
OF_TRANSFORMERS = """

def random_dinov2():
    from transformers import Dinov2Config, Dinov2Model
    return Dinov2Model(Dinov2Config(hidden_size=384, num_attention_heads=6, image_size=518, patch_size=14))


def random_vit():
    from transformers import ViTConfig, ViTModel
    return ViTModel(ViTConfig())
"""


@pytest.fixture
def adapters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = ADAPTERS
    for pretrained, random in RANDOM.items():
        assert pretrained in code
        code = code.replace(pretrained, random)
    (tmp_path / "encoders.py").write_text(code + OF_TRANSFORMERS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    sys.modules.pop("encoders", None)
    source_of.cache_clear()


def test_every_adapter_is_tested() -> None:
    functions = re.findall(r"^def (\w+)\(\)", ADAPTERS, flags=re.MULTILINE)
    assert functions == list(LIBRARIES)


@pytest.mark.parametrize("function", LIBRARIES)
def test_an_adapter_embeds_and_its_gradient_reaches_the_pixels(function: str, adapters: None) -> None:
    library, dimension = LIBRARIES[function]
    if find_spec(library) is None:
        pytest.skip(f"{library} is not installed")
    config = BackboneConfig(**encoder_backbone(f"encoders:{function}"))
    model = build_model(config, seed=0, data_root=Path())
    images = torch.rand(2, 3, 224, 224, generator=torch.Generator().manual_seed(0)).requires_grad_()
    embeddings = model(images)
    assert embeddings.shape == (2, dimension)
    assert torch.allclose(embeddings.norm(dim=1), torch.ones(2), atol=1e-5)
    embeddings[:, 0].sum().backward()
    assert images.grad is not None and float((images.grad != 0).float().mean()) > 0.5


def test_means_and_deviations_are_those_of_the_libraries(adapters: None) -> None:
    import encoders
    from torchvision.models import ResNet50_Weights

    preset = ResNet50_Weights.IMAGENET1K_V2.transforms()
    assert (tuple(preset.mean), tuple(preset.std)) == encoders.IMAGENET
    network = encoders.Prepared(torch.nn.Identity(), (0.5, 0.5, 0.5), (0.25, 0.5, 1.0), size=4)
    assert torch.equal(network(torch.ones(1, 3, 4, 4))[0, :, 0, 0], torch.tensor([2.0, 1.0, 0.5]))
    assert network(torch.ones(1, 3, 8, 8)).shape == (1, 3, 4, 4)


def test_the_python_of_the_page_runs(tmp_path: Path) -> None:
    places = {"cwd": tmp_path, "env": {**environment(), "PYTHONPATH": str(ROOT / "src")}}
    ended = subprocess.run([sys.executable, "-"], input=IN_PYTHON, text=True, capture_output=True, **places)
    assert ended.returncode == 0, ended.stderr
    assert re.match(r"(un)?verified value=", ended.stdout)


def test_the_yaml_of_the_page_of_cards_is_read() -> None:
    page = (ROOT / "docs" / "submit.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```yaml\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)
    assert len(About(**yaml.safe_load(block)).reported) == 2
