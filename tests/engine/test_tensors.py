import numpy as np
import pytest
import torch

from meddistill_gui.core.real_images import RealImages
from meddistill_gui.engine.tensors import Normaliser, normaliser_of, training_tensors


def real(pixels: np.ndarray) -> RealImages:
    count = len(pixels)
    return RealImages(
        images=pixels,
        labels=np.arange(count) % 2,
        patients=np.arange(count),
        ids=np.arange(count),
        class_names=("a", "b"),
        role="train",
    )


def test_mean_and_deviation_are_those_of_the_pixels() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (2500, 3, 4, 4), dtype=np.uint8)
    found = normaliser_of(real(pixels))
    assert found.mean == pytest.approx(pixels.mean((0, 2, 3)) / 255)
    assert found.deviation == pytest.approx(pixels.std((0, 2, 3)) / 255)


def test_order_of_the_images_does_not_matter_at_all() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (300, 1, 4, 4), dtype=np.uint8)
    assert normaliser_of(real(pixels)) == normaliser_of(real(pixels[::-1]))


def test_inverse_undoes_it() -> None:
    normaliser = Normaliser((0.4, 0.5, 0.1), (0.2, 0.1, 0.3))
    x = torch.rand(2, 3, 4, 4, dtype=torch.float64)
    assert torch.allclose(normaliser.inverse(normaliser(x)), x)
    assert normaliser(x).dtype == torch.float64


def test_bytes_and_fractions_are_the_same_image() -> None:
    normaliser = Normaliser((0.4,), (0.2,))
    pixels = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16)
    assert torch.equal(normaliser(pixels), normaliser(pixels.float() / 255))


def test_a_constant_channel_stays_finite() -> None:
    found = normaliser_of(real(np.full((4, 1, 4, 4), 7, np.uint8)))
    assert torch.isfinite(found(torch.full((1, 1, 4, 4), 8, dtype=torch.uint8))).all()


def test_read_only_pixels_are_taken_without_a_warning(tmp_path) -> None:
    np.save(tmp_path / "x.npy", np.random.default_rng(0).integers(0, 256, (6, 1, 4, 4), dtype=np.uint8))  # fmt: skip
    pixels = np.load(tmp_path / "x.npy", mmap_mode="r")
    images = real(pixels)
    made = training_tensors(images, normaliser_of(images), torch.device("cpu"))
    assert made.images.dtype == torch.float32
    assert made.images.shape == (6, 1, 4, 4)
    assert made.labels.dtype == torch.int64
    assert made.classes == 2
    assert float(made.images.mean()) == pytest.approx(0, abs=1e-5)
    assert float(made.images.std(correction=0)) == pytest.approx(1, abs=1e-4)
