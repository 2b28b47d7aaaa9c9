"""Networks that begin from a file's weights, against torchvision's own module with these weights."""

from pathlib import Path

import pytest
import safetensors.torch
import torch
import torchvision
from torch import Tensor, nn

from meddistill_gui.core.errors import ConfigError
from meddistill_gui.engine.networks.transfer import transfer_network
from meddistill_gui.engine.seeding import generator

CLASSES = 3


@pytest.fixture(scope="module")
def published() -> nn.Module:
    """Stands for a trained ResNet18: nothing in it is as freshly drawn, its running statistics neither."""
    with torch.random.fork_rng(devices=[]):
        torch.random.manual_seed(0)
        made = torchvision.models.resnet18()
        for value in made.parameters():
            value.data.mul_(1.1).add_(0.003)
        made(torch.randn(4, 3, 32, 32))
    return made


@pytest.fixture(scope="module")
def weights(published: nn.Module, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "resnet18.safetensors"
    safetensors.torch.save_file(published.state_dict(), path)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("channels", [1, 3])
def test_below_the_last_layer_it_is_the_published_network(
    published: nn.Module, weights: Path, channels: int
) -> None:
    """Grey images are seen as three equal channels are."""
    family, network = transfer_network(weights, channels=channels, classes=CLASSES)
    images = torch.randn(4, channels, 32, 32, generator=generator(0, "images"))
    theta = network.initial(generator(0, "student", "initial"))
    body = nn.Sequential(*list(published.children())[:-1], nn.Flatten()).train()
    seen = body(images.expand(-1, 3, -1, -1))
    assert family == "resnet18"
    torch.testing.assert_close(network.features(theta, images), seen, rtol=1e-3, atol=1e-3)
    assert network.logits(theta, images).shape == (4, CLASSES)


@pytest.mark.slow
def test_students_differ_in_their_last_layer_only(weights: Path) -> None:
    _, network = transfer_network(weights, channels=1, classes=CLASSES)
    first, second = (network.initial(generator(seed, "student")) for seed in (0, 1))
    head = 512 * CLASSES + CLASSES
    assert torch.equal(first[:-head], second[:-head])
    assert not torch.equal(first[-head:], second[-head:])


def _without(name: str, found: dict[str, Tensor]) -> dict[str, Tensor]:
    return {key: value for key, value in found.items() if key != name}


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        lambda found: _without("layer4.1.conv2.weight", found),
        lambda found: found | {"layer5.0.conv1.weight": torch.ones(2)},
        lambda found: found | {"conv1.weight": torch.ones(64, 2, 7, 7)},
        lambda found: found | {"bn1.bias": torch.ones(63)},
        lambda _: {"something": torch.ones(2)},
        lambda _: {"conv1.weight": torch.ones(2)},
        lambda _: {},
    ],
)
def test_another_network_s_weights_are_refused(
    published: nn.Module, tmp_path: Path, change
) -> None:
    path = tmp_path / "other.safetensors"
    safetensors.torch.save_file(change(dict(published.state_dict())), path)
    with pytest.raises(ConfigError, match=r"other.safetensors does not hold the weights of a"):
        transfer_network(path, channels=1, classes=CLASSES)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="There is no file") as caught:
        transfer_network(tmp_path / "none.safetensors", channels=1, classes=CLASSES)
    assert "save_file" in caught.value.remedy


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 a pickle in a zip", bytes(64)])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "resnet18.pth"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"resnet18.pth cannot be read as safetensors"):
        transfer_network(path, channels=1, classes=CLASSES)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        transfer_network(tmp_path, channels=1, classes=CLASSES)


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "resnet18.safetensors"
    safetensors.torch.save_file({"conv1.weight": torch.tensor([1.0, torch.nan])}, path)
    with pytest.raises(ConfigError, match="values that are no numbers"):
        transfer_network(path, channels=1, classes=CLASSES)
