"""Patches of invented radiographs of straight and coarse folds, cut as the program cuts them, in memory."""

import numpy as np
from PIL import Image

from meddistill_gui.core.patch_set import PATCH_CLASSES, UNDECIDED, PatchSet
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.data.patches.patch_grid import shares, starts
from meddistill_gui.data.phantoms.folds import FOLDS, draw_folds

_OUTSIDE, _INSIDE = 0.01, 0.85  # paper D


def fold_patches(
    role: str, images: int, *, side: int, window: int, stride: int, size: int, decided: bool
) -> PatchSet:
    """Draw images, half of each class, and cut them.

    Args:
        role: Part of the split; each part has its own patients.
        images: Number of images, one per patient.
        side: Side of an image in pixels.
        window: Side of the sliding window in pixels.
        stride: Pixels from one place to the next.
        size: Side that a patch is brought to.
        decided: Leave out patches that are neither outside nor inside.
    """
    found = [_cut(role, number, side, window, stride, size) for number in range(images)]
    image = np.concatenate([np.full(len(one[0]), number) for number, one in enumerate(found)])
    pixels, labels, position = (np.concatenate(parts) for parts in zip(*found, strict=True))
    kept = labels != UNDECIDED if decided else np.ones(len(labels), bool)
    return PatchSet(
        patches=RealImages(
            images=pixels[kept][:, None],
            labels=labels[kept],
            patients=image[kept],
            ids=image[kept],
            class_names=PATCH_CLASSES,
            role=role,
        ),
        image=image[kept],
        position=position[kept],
        image_labels=np.arange(images, dtype=np.int64) % 2,
    )


def _cut(
    role: str, number: int, side: int, window: int, stride: int, size: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    positive = number % 2
    random = np.random.default_rng([number, sum(role.encode())])
    phantom = draw_folds(side, FOLDS[positive], random)
    picture = np.rint(phantom.picture * 255).astype(np.uint8)
    places = starts(side, window, stride)
    share = shares(phantom.region, window, stride).ravel()
    labels = np.full(len(share), UNDECIDED, np.int64)
    labels[share < _OUTSIDE] = 0
    labels[share > _INSIDE] = 1 + positive
    corners = [(top, left) for top in places for left in places]
    pixels = np.stack(
        [
            np.asarray(
                Image.fromarray(picture[top : top + window, left : left + window]).resize(
                    (size, size), Image.Resampling.BILINEAR
                )
            )
            for top, left in corners
        ]
    )
    return pixels, labels, np.array(corners, np.int64)
