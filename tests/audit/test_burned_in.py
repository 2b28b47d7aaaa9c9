import numpy as np
import torch

from meddistill_gui.audit.burned_in import (
    annotation_zones,
    corner_montage,
    sentence,
    source_zones,
)


def test_letters_in_a_corner_are_found(make_hospital):
    images = torch.from_numpy(make_hospital(80, side=64, seed=1).images).float() / 255
    assert annotation_zones(images) == []
    letters = torch.from_numpy(np.random.default_rng(0).integers(0, 2, (80, 1, 6, 14))).float()
    images[..., 1:7, 1:15] = letters
    zones = annotation_zones(images)
    assert zones
    assert all(zone.top == 0 and zone.left < 0.3 for zone in zones)
    assert "look like burned-in text" in sentence(zones, "training")


def test_empty_images_have_no_text():
    assert annotation_zones(torch.zeros(5, 1, 16, 16)) == []
    assert "No place" in sentence([], "synthetic")


def test_the_montage_shows_each_corner():
    image = np.arange(64, dtype=np.uint8).reshape(1, 1, 8, 8)
    shown = corner_montage(np.concatenate([image, image + 64]), 2)
    assert shown.shape == (1, 4, 8)
    assert shown[0, 0].tolist() == [0, 1, 6, 7, 48, 49, 54, 55]
    assert shown[0, 2].tolist() == [64, 65, 70, 71, 112, 113, 118, 119]


def sources(*, text, count=12):
    """Films of different sizes; the text is six pixels high, which is nothing once 400 pixels have become 48."""
    random = np.random.default_rng(0)
    images = []
    for number in range(count):
        height, width = 350 + 10 * (number % 5), 450 + 15 * (number % 3)
        y, x = np.mgrid[0:height, 0:width]
        image = (0.5 + 0.3 * np.sin(x / 45 + number) * np.cos(y / 35)).astype(np.float32)
        image += random.normal(0, 0.01, image.shape).astype(np.float32)
        if text:
            image[-15:-9, 10:50] = random.integers(0, 2, (6, 40))
        images.append(image)
    return images


def test_small_text_is_found_at_full_size():
    assert source_zones(sources(text=False)) == []
    zones = source_zones(sources(text=True))
    assert [(zone.top, zone.left) for zone in zones] == [(7 / 8, 0.0)]


def test_colour_and_nothing_at_all():
    colour = [np.repeat(image[..., None], 3, axis=2) for image in sources(text=True, count=6)]
    assert source_zones(colour)[0].top == 7 / 8
    assert source_zones([]) == []
    assert source_zones([np.zeros((20, 30), np.float32)]) == []
