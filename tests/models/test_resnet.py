"""ResNet against torchvision's."""

from __future__ import annotations

import pytest
import torch
import torchvision

from robust_dml.config.training import BackboneConfig
from robust_dml.models.backbones.resnet18 import resnet18
from robust_dml.models.backbones.resnet50 import resnet50


@pytest.mark.parametrize(("build", "features"), [(resnet18, 512), (resnet50, 2048)])
def test_torchvisions_weights_give_torchvisions_features(build, features: int) -> None:  # type: ignore[no-untyped-def]
    torch.manual_seed(0)
    theirs = torchvision.models.get_model(build.__name__).eval()
    weights = {name: tensor for name, tensor in theirs.state_dict().items() if not name.startswith("fc.")}
    theirs.fc = torch.nn.Identity()
    trunk = build(BackboneConfig(kind=build.__name__)).trunk.eval()
    trunk.load_state_dict(weights)
    images = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        found = trunk(images)
        torch.testing.assert_close(found, theirs(images))
    assert found.shape == (2, features)


def test_initial_weights_follow_torchvisions_law() -> None:
    torch.manual_seed(0)
    weight = resnet18(BackboneConfig(kind="resnet18")).get_parameter("trunk.layer4.1.conv2.weight")
    assert weight.std().item() == pytest.approx((2 / (512 * 9)) ** 0.5, rel=0.01)
