"""A patch knows its image."""

import numpy as np
import pytest

from meddistill_gui.core.patch_set import PATCH_CLASSES, PatchSet
from meddistill_gui.core.real_images import RealImages


def patches(count: int) -> RealImages:
    return RealImages(
        images=np.zeros((count, 1, 8, 8), np.uint8),
        labels=np.arange(count, dtype=np.int64) % 3,
        patients=np.arange(count, dtype=np.int64) // 3,
        ids=np.arange(count, dtype=np.int64) // 3,
        class_names=PATCH_CLASSES,
        role="train",
    )


def made(**other: np.ndarray) -> PatchSet:
    values = {
        "image": np.arange(6) // 3,
        "position": np.zeros((6, 2), np.int64),
        "image_labels": np.array([0, 1]),
        **other,
    }
    return PatchSet(patches=patches(6), **values)


def test_counts_its_patches():
    assert len(made()) == 6


@pytest.mark.parametrize(
    "wrong",
    [
        {"image": np.arange(5)},
        {"position": np.zeros((6, 3), np.int64)},
        {"image": np.full(6, 2)},
        {"image": np.full(6, -1)},
        {"image_labels": np.array([0, 2])},
    ],
)
def test_refuses_patches_of_no_image(wrong):
    with pytest.raises(ValueError, match=r"patch|negative"):
        made(**wrong)
