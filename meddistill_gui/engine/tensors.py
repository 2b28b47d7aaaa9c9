"""Real images as the network sees them: normalised float32 tensors on the device."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from meddistill_gui.core.real_images import RealImages

_CHUNK: Final = 1024
_FULL_RANGE: Final = 255.0
_SMALLEST_DEVIATION: Final = 1e-3  # a constant channel must not be blown up


@dataclass(frozen=True)
class Normaliser:
    """Channel-wise (image - mean) / deviation.

    Attributes:
        mean: Per channel, in units of full range (0 black, 1 white).
        deviation: Per channel, as `mean`; positive.
    """

    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    def __call__(self, images: Tensor) -> Tensor:
        """Normalise uint8 images, or floating ones in 0..1: `[..., C, H, W]`; uint8 becomes float32, floats keep their type."""
        if images.dtype == torch.uint8:
            images = images.float() / _FULL_RANGE
        mean, deviation = self._columns(images)
        return (images - mean) / deviation

    def inverse(self, images: Tensor) -> Tensor:
        """Normalised images back in units of full range; not clipped."""
        mean, deviation = self._columns(images)
        return images * deviation + mean

    def _columns(self, like: Tensor) -> tuple[Tensor, Tensor]:
        mean, deviation = (
            torch.tensor(values, dtype=like.dtype, device=like.device).view(-1, 1, 1)
            for values in (self.mean, self.deviation)
        )
        return mean, deviation


@dataclass(frozen=True)
class TrainingTensors:
    """Normalised images with their classes, on the device.

    Attributes:
        images: float32 `[N, C, S, S]`.
        labels: int64 `[N]`.
        classes: Number of classes K.
        streamed: Where the images are while `images` is empty.
        patients: int64 `[N]`, a number per patient; empty where nobody asks for it.
    """

    images: Tensor
    labels: Tensor
    classes: int
    streamed: "StreamedImages | None" = None
    patients: Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.int64))


@dataclass(frozen=True)
class StreamedImages:
    """Images that are normalised when they are asked for, so that more of them than memory holds can stay on the disk.

    Attributes:
        source: uint8 `[N, C, S, S]`, perhaps a memory map.
        normaliser: Of the training images.
        device: Where batches go.
    """

    source: npt.NDArray[np.uint8]
    normaliser: Normaliser
    device: torch.device


def rows_of(data: TrainingTensors, rows: Tensor) -> Tensor:
    """Some of the images, float32 `[B, C, S, S]`.

    Args:
        data: The images, wherever they are.
        rows: Which, int64 `[B]`.
    """
    if data.streamed is None:
        return data.images[rows]
    chosen = torch.from_numpy(np.array(data.streamed.source[rows.cpu().numpy()]))
    return data.streamed.normaliser(chosen.to(data.streamed.device))


def normaliser_of(train: RealImages) -> Normaliser:
    """Mean and deviation of each channel over the training images; the sums are whole numbers, so order does not matter."""
    channels = train.images.shape[1]
    total, squares = np.zeros(channels, np.int64), np.zeros(channels, np.int64)
    for start in range(0, len(train), _CHUNK):
        chunk = train.images[start : start + _CHUNK].astype(np.int64)
        total += chunk.sum(axis=(0, 2, 3))
        squares += (chunk**2).sum(axis=(0, 2, 3))
    count = max(1, train.images.size // max(1, channels))
    mean = total / count
    deviation = np.sqrt(np.maximum(squares / count - mean**2, 0.0))
    return Normaliser(
        mean=tuple(float(value) / _FULL_RANGE for value in mean),
        deviation=tuple(
            max(float(value) / _FULL_RANGE, _SMALLEST_DEVIATION) for value in deviation
        ),
    )


def training_tensors(
    images: RealImages, normaliser: Normaliser, device: torch.device, *, streamed: bool = False
) -> TrainingTensors:
    """Put real images on the device, normalised; streamed ones stay where they are, and `images` is empty `[0, C, S, S]`."""
    if streamed:
        return TrainingTensors(
            images=torch.empty(0, *images.images.shape[1:], device=device),
            labels=torch.tensor(images.labels, device=device),
            classes=len(images.class_names),
            streamed=StreamedImages(images.images, normaliser, device),
            patients=torch.tensor(images.patients, device=device),
        )
    pixels = np.ascontiguousarray(images.images)
    if not pixels.flags.writeable:
        pixels = pixels.copy()  # torch warns of read-only memory maps
    return TrainingTensors(
        images=normaliser(torch.from_numpy(pixels).to(device)),
        labels=torch.tensor(images.labels, device=device),
        classes=len(images.class_names),
        patients=torch.tensor(images.patients, device=device),
    )
