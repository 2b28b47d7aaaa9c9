"""The images of a set in other programs' forms: PNG, and the arrays of a MedMNIST file. Both hold pixels and nothing else."""

import io
import struct
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from meddistill_gui.bundle.archive import ASK_AGAIN
from meddistill_gui.core.distilled import DistilledSet, displayed
from meddistill_gui.core.errors import BundleError

UInt8 = npt.NDArray[np.uint8]

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_CHUNKS: Final = {b"IHDR", b"IDAT", b"IEND"}
_AT_ONCE: Final = 64
_SPLITS: Final = ("train", "val", "test")


def shown(distilled: DistilledSet) -> UInt8:
    """`core.distilled.displayed` in parts: large sets would need their size three times over in between."""
    images = distilled.images
    parts = [displayed(images[at : at + _AT_ONCE]) for at in range(0, len(images), _AT_ONCE)]
    return np.concatenate(parts)


def to_png(pixels: UInt8) -> bytes:
    """One image as PNG, made from a bare array: no text, profile, time or comment.

    Args:
        pixels: uint8 `[H, W]` or `[H, W, 3]`.
    """
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(stream, "PNG")
    return stream.getvalue()


def from_png(content: bytes, shape: tuple[int, ...], name: str) -> UInt8:
    """Read a PNG that `to_png` wrote.

    Args:
        content: The file.
        shape: `[H, W]` or `[H, W, 3]` it must have; checked before anything is inflated.
        name: For the message.

    Raises:
        BundleError: It has another size, other chunks or is damaged.
    """
    _check_chunks(content, shape, name)
    try:
        with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
            pixels = np.asarray(image)
    # Pillow's PNG reader lets all of these through for damaged files
    except (OSError, ValueError, SyntaxError, struct.error, EOFError) as error:
        raise BundleError(f"{name} is damaged ({error}).", ASK_AGAIN) from error
    if pixels.shape != shape or pixels.dtype != np.uint8:
        raise BundleError(f"{name} has the shape {pixels.shape}, not {shape}.", ASK_AGAIN)
    return pixels


def medmnist_arrays(distilled: DistilledSet) -> dict[str, UInt8]:
    """The arrays that a MedMNIST v2 file has; all images are in the split "train", the others are empty.

    Source: Yang et al. 2023, "MedMNIST v2", Sci Data 10:41; images uint8 `[N, H, W]` or `[N, H, W, 3]`, labels uint8 `[N, 1]`.
    """
    pixels = shown(distilled)
    labels = distilled.labels.argmax(axis=1).astype(np.uint8)[:, None]
    arrays: dict[str, UInt8] = {}
    for split in _SPLITS:
        count = len(pixels) if split == "train" else 0
        arrays[f"{split}_images"] = pixels[:count]
        arrays[f"{split}_labels"] = labels[:count]
    return arrays


def to_npy(array: UInt8) -> bytes:
    """One array as `.npy` version 1.0, without pickle."""
    stream = io.BytesIO()
    np.lib.format.write_array(
        stream, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False
    )
    return stream.getvalue()


def _check_chunks(content: bytes, shape: tuple[int, ...], name: str) -> None:
    """Refuse chunks that could hold text or profiles, and sizes other than the recipe's, before Pillow looks."""
    at = len(_SIGNATURE)
    if not content.startswith(_SIGNATURE):
        raise BundleError(f"{name} is no PNG image.", ASK_AGAIN)
    while at < len(content):
        if at + 12 > len(content):
            raise BundleError(f"{name} is cut off.", ASK_AGAIN)
        length, kind = struct.unpack_from(">I4s", content, at)
        if kind not in _CHUNKS:
            raise BundleError(f"{name} holds more than pixels (chunk {kind!r}).", ASK_AGAIN)
        if kind == b"IHDR" and (
            length != 13 or _header(content, at + 8) != _expected_header(shape)
        ):
            raise BundleError(f"{name} has another size than the recipe says.", ASK_AGAIN)
        at += 12 + length


def _header(content: bytes, at: int) -> tuple[int, ...]:
    return struct.unpack_from(">II5B", content, at) if at + 13 <= len(content) else ()


def _expected_header(shape: tuple[int, ...]) -> tuple[int, ...]:
    colour = 2 if len(shape) == 3 else 0
    return (shape[1], shape[0], 8, colour, 0, 0, 0)
