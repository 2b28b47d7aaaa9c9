"""One frame of a DICOM file as values after the modality LUT, and what its header says about showing them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.dataset import Dataset, FileDataset
from pydicom.encaps import get_frame
from pydicom.pixels.processing import (
    apply_color_lut,
    apply_modality_lut,
    apply_voi,
    apply_windowing,
)
from pydicom.pixels.utils import pixel_array
from pydicom.uid import (
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000TransferSyntaxes,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSTransferSyntaxes,
    RLELossless,
)

from meddistill_gui.core.errors import SourceError
from meddistill_gui.data.formats.apart import run_apart
from meddistill_gui.data.formats.claims import check_inflated, claimed_size
from meddistill_gui.data.formats.gdcm_frames import decode_with_gdcm
from meddistill_gui.data.formats.headers import LARGEST_PIXELS
from meddistill_gui.data.formats.stored_pixels import pixel_element

Values = npt.NDArray[np.float32]

_FUNCTIONS: Final = ("LINEAR", "LINEAR_EXACT", "SIGMOID")
_SLACK: Final = 4  # decoders crop or pad what is a little larger
_FULL: Final = 65535.0
_DECODERS: Final = {
    **dict.fromkeys(JPEG2000TransferSyntaxes, "pylibjpeg"),
    **dict.fromkeys((JPEGBaseline8Bit, JPEGExtended12Bit), "pillow"),
    **dict.fromkeys((JPEGLossless, JPEGLosslessSV1, *JPEGLSTransferSyntaxes), "gdcm"),
    RLELossless: "pydicom",
}
_COLOUR: Final = ("RGB", "YBR", "PALETTE", "HSV", "ARGB", "CMYK")


@dataclass(frozen=True, kw_only=True)
class Window:
    """A grey window (PS3.3 C.11.2).

    Attributes:
        name: Its explanation in the file, or what it is.
        center: In units after the modality LUT.
        width: In the same units.
    """

    name: str
    center: float
    width: float


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One decoded image.

    Attributes:
        values: float32 `[H, W]` after the modality LUT, or `[H, W, 3]` in 0..1.
        windows: Grey windows of the file, the first is the default.
        function: VOI LUT function: LINEAR, LINEAR_EXACT or SIGMOID.
        inverted: MONOCHROME1: the largest value is black.
        table: `[H, W]` in 0..1 through the file's VOI LUT, where it has one; it goes before the windows.
        padding: Value that stands for "nothing was measured here", or None.
    """

    values: Values
    windows: tuple[Window, ...] = ()
    function: str = "LINEAR"
    inverted: bool = False
    table: Values | None = None
    padding: tuple[float, float] | None = field(default=None)

    def content(self) -> Values:
        """The values that were measured: all but the padding (all, where there is nothing else)."""
        if self.padding is None:
            return self.values
        low, high = self.padding
        measured = self.values[(self.values < low) | (self.values > high)]
        return measured if measured.size else self.values


def decode(path: Path, frame: int) -> Frame:
    """Decode one frame.

    Raises:
        SourceError: The header claims an impossible size, or there is no such frame.
        Exception: Whatever pydicom's decoders raise on damaged data.
    """
    with path.open("rb") as stream:
        check_inflated(stream)
        dataset = pydicom.dcmread(stream, force=True, stop_before_pixels=True)
        _check_claims(path, dataset, frame)
        _check_codestream(stream, dataset, frame)
    stored = _stored(path, dataset, frame)
    photometric = str(dataset.get("PhotometricInterpretation", "MONOCHROME2")).strip()
    if photometric.startswith(_COLOUR):
        return Frame(values=_colour(stored, dataset, photometric))
    if stored.ndim == 3:
        return Frame(values=_scaled(stored, dataset))
    return _grey(stored, _for_frame(dataset, frame), photometric)


def windowed(frame: Frame) -> Values | None:
    """The frame through its VOI LUT or first window, in 0..1 before polarity, or None where the file has neither."""
    if frame.table is not None:
        return frame.table
    if not frame.windows:
        return None
    window = Dataset()
    window.PhotometricInterpretation = "MONOCHROME2"
    window.PixelRepresentation = 0
    window.BitsStored = 16  # makes the library's output range 0..65535, whatever the file stores
    window.WindowCenter, window.WindowWidth = frame.windows[0].center, frame.windows[0].width
    narrow = (
        frame.function == "LINEAR" and frame.windows[0].width < 1
    )  # PS3.3 C.11.2.1.2.1 forbids it
    window.VOILUTFunction = "LINEAR_EXACT" if narrow else frame.function
    with np.errstate(over="ignore"):  # far below a sigmoid's centre: 1 / infinity is the right 0
        shown = apply_windowing(frame.values.astype(np.float64), window)
    return (shown / _FULL).astype(np.float32)


def _check_claims(path: Path, dataset: Dataset, frame: int) -> None:
    pixels = int(dataset.get("Rows") or 0) * int(dataset.get("Columns") or 0)
    samples = int(dataset.get("SamplesPerPixel") or 1)
    if pixels > LARGEST_PIXELS or samples > 4:
        raise SourceError(
            f"{path.name} claims {pixels:,} pixels of {samples} samples.",
            "Leave it out: no radiograph is that large.",
        )
    if not 0 <= frame < int(dataset.get("NumberOfFrames") or 1):
        raise SourceError(f"{path.name} has no image number {frame + 1}.", "Scan the source again.")


def _check_codestream(stream: IO[bytes], header: FileDataset, frame: int) -> None:
    """Refuse a compressed stream that claims another size than the header, which was checked.

    Args:
        stream: Stands where the header ended.
        header: All but the pixels.
        frame: Which image.
    """
    if not _is_compressed(header):
        return
    start = stream.tell()
    element = pixel_element(stream.read(12))
    if element is None:
        return  # the decoder will say so
    stream.seek(start + element[0])
    frames = int(header.get("NumberOfFrames") or 1)
    codestream = get_frame(stream, frame, number_of_frames=frames)
    claimed = claimed_size(codestream)
    if claimed is not None and claimed[0] * claimed[1] > _SLACK * header.Rows * header.Columns:
        raise SourceError(
            f"The compressed pixels claim {claimed[1]} x {claimed[0]}, the header {header.Columns} x {header.Rows}.",
            "Export it again from where it came from.",
        )


def _is_compressed(header: FileDataset) -> bool:
    syntax = header.file_meta.get("TransferSyntaxUID")
    return syntax is not None and not syntax.is_private and syntax.is_encapsulated


def _stored(path: Path, header: FileDataset, frame: int) -> npt.NDArray[Any]:
    """Stored values of one frame; of many frames only this one is read."""
    decoder = _decoder(header)
    if decoder == "gdcm" or _has_twelve_bits(header):
        return run_apart(decode_with_gdcm, path, frame)
    if "TransferSyntaxUID" in header.file_meta and int(header.get("NumberOfFrames") or 1) > 1:
        return pixel_array(path, index=frame, decoding_plugin=decoder)
    whole = pydicom.dcmread(path, force=True)
    if "TransferSyntaxUID" not in whole.file_meta:
        # Parsed by guess (no meta header): the decoder must be told the same guess.
        implicit, little = whole.original_encoding
        explicit = ExplicitVRLittleEndian if little else ExplicitVRBigEndian
        whole.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else explicit
    return pixel_array(whole, index=frame, decoding_plugin=decoder)


def _has_twelve_bits(header: FileDataset) -> bool:
    """Grey JPEG of more than 8 bits; Pillow and pydicom decode none."""
    return (
        header.file_meta.get("TransferSyntaxUID") == JPEGExtended12Bit
        and int(header.get("BitsStored") or 8) > 8
        and int(header.get("SamplesPerPixel") or 1) == 1
    )


def _decoder(header: FileDataset) -> str:
    """The one decoder that may see these bytes; no second one is tried.

    On damaged data GDCM aborts the process (which is why it has one of its own, see `apart`) and pylibjpeg-rle panics past `except Exception` (RLE): `benchmarks.fuzz_readers`.
    """
    return _DECODERS.get(header.file_meta.TransferSyntaxUID, "")


def _colour(stored: npt.NDArray[Any], dataset: Dataset, photometric: str) -> Values:
    """RGB in 0..1; YBR was turned to RGB by the decoder."""
    if photometric.startswith("PALETTE"):
        colours = apply_color_lut(stored, dataset)
        return (colours / np.iinfo(colours.dtype).max).astype(np.float32)[..., :3]
    return _scaled(stored, dataset)


def _scaled(stored: npt.NDArray[Any], dataset: Dataset) -> Values:
    top = 2 ** int(dataset.get("BitsStored") or 8 * stored.dtype.itemsize) - 1
    return np.asarray(np.clip(stored / top, 0, 1)[..., :3], dtype=np.float32)


def _grey(stored: npt.NDArray[Any], dataset: Dataset, photometric: str) -> Frame:
    values = apply_modality_lut(stored, dataset)
    table = None
    if "VOILUTSequence" in dataset:
        table = _through_table(values, dataset)
    return Frame(
        values=values.astype(np.float32),
        windows=tuple(_windows(dataset)),
        function=_function(dataset),
        inverted=photometric == "MONOCHROME1",
        table=table,
        padding=_padding(dataset),
    )


def _function(dataset: Dataset) -> str:
    named = str(dataset.get("VOILUTFunction") or "").strip().upper()
    return named if named in _FUNCTIONS else "LINEAR"


def _through_table(values: npt.NDArray[Any], dataset: Dataset) -> Values:
    bits = int(dataset.VOILUTSequence[0].LUTDescriptor[2])
    whole = values if np.issubdtype(values.dtype, np.integer) else np.rint(values).astype(np.int64)
    shown = apply_voi(whole, dataset) / (2**bits - 1)
    return np.asarray(np.clip(shown, 0, 1), dtype=np.float32)


def _windows(dataset: Dataset) -> Iterator[Window]:
    centers, widths = (_numbers(dataset.get(k)) for k in ("WindowCenter", "WindowWidth"))
    names = dataset.get("WindowCenterWidthExplanation") or []
    names = [names] if isinstance(names, str) else list(names)
    for index, (center, width) in enumerate(zip(centers, widths, strict=False)):
        if width > 0:
            name = str(names[index]) if index < len(names) else f"window {index + 1}"
            yield Window(name=name, center=center, width=width)


def _numbers(value: Any) -> list[float]:
    if value is None or value == "":
        return []
    return [float(one) for one in (value if hasattr(value, "__iter__") else [value])]


def _padding(dataset: Dataset) -> tuple[float, float] | None:
    """Padding range after the modality LUT (PS3.3 C.7.5.1.1.2); only where that is a straight line."""
    value = dataset.get("PixelPaddingValue")
    if value is None or "ModalityLUTSequence" in dataset:
        return None
    limit = dataset.get("PixelPaddingRangeLimit", value)
    slope = float(dataset.get("RescaleSlope") or 1)
    intercept = float(dataset.get("RescaleIntercept") or 0)
    ends = sorted((float(value) * slope + intercept, float(limit) * slope + intercept))
    return ends[0], ends[1]


def _for_frame(dataset: Dataset, frame: int) -> Dataset:
    """The header as it counts for one frame: enhanced objects keep rescale and window in functional groups (PS3.3 C.7.6.16)."""
    shared = dataset.get("SharedFunctionalGroupsSequence") or []
    own = dataset.get("PerFrameFunctionalGroupsSequence") or []
    groups = [*shared[:1], *own[frame : frame + 1]]
    if not groups:
        return dataset
    flat = Dataset()
    flat.update({tag: dataset[tag] for tag in dataset.keys() if tag.group == 0x0028})  # noqa: SIM118 - a Dataset iterates elements
    for group in groups:
        for name in ("PixelValueTransformationSequence", "FrameVOILUTSequence"):
            for item in group.get(name) or []:
                flat.update(item)
    return flat
