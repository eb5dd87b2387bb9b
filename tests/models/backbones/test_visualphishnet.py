"""VisualPhishNet's trunk against torchvision's VGG16."""

from __future__ import annotations

import torch
from torchvision.models import vgg

from robust_dml.config.training import BackboneConfig
from robust_dml.models.backbones.visualphishnet import visualphishnet


def test_torchvisions_weights_give_torchvisions_features() -> None:
    torch.manual_seed(0)
    theirs = vgg.make_layers(vgg.cfgs["D"])
    network = visualphishnet(BackboneConfig(kind="visualphishnet", embedding=8)).eval()
    trunk = network.get_submodule("trunk")
    trunk.load_state_dict({f"features.{name}": tensor for name, tensor in theirs.state_dict().items()})
    images = torch.rand(1, 3, 96, 96)
    with torch.no_grad():
        torch.testing.assert_close(trunk(images), theirs(images))
        convolved = torch.relu(network.get_submodule("head.0")(trunk(images)))
        torch.testing.assert_close(network(images), convolved.mean((2, 3)))
