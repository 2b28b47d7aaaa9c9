"""Frames that only GDCM decodes; runs in a process of its own (`apart`)."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.dataset import FileDataset
from pydicom.encaps import get_frame
from pydicom.pixels.utils import pixel_array
from pydicom.uid import JPEGExtended12Bit

Stored = npt.NDArray[Any]


def decode_with_gdcm(path: str, frame: int) -> Stored:
    """Stored values of one frame.

    Raises:
        ValueError: GDCM refuses the data.
        Exception: Whatever pydicom raises on damaged data.
    """
    dataset = pydicom.dcmread(path, force=True)
    if dataset.file_meta.TransferSyntaxUID == JPEGExtended12Bit:
        return _twelve_bits(dataset, frame)
    return pixel_array(dataset, index=frame, decoding_plugin="gdcm")


def _twelve_bits(dataset: FileDataset, frame: int) -> Stored:
    """JPEG of 12 bits, grey: pydicom does not hand it to GDCM, which decodes it (PS3.5 8.2.1, ITU-T T.81 process 4).

    `tests/data/test_pydicom_files.py` compares with the values that pydicom's own tests of other decoders expect.
    """
    import gdcm  # noqa: PLC0415 - brings a large library

    fragment = gdcm.Fragment()
    frames = int(dataset.get("NumberOfFrames") or 1)
    fragment.SetByteStringValue(get_frame(dataset.PixelData, frame, number_of_frames=frames))
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((dataset.Columns, dataset.Rows, 1))
    image.SetDataElement(element)
    grey = gdcm.PhotometricInterpretation.GetPIType("MONOCHROME2")
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(grey))
    syntax = gdcm.TransferSyntax.GetTSType(str(JPEGExtended12Bit))
    image.SetTransferSyntax(gdcm.TransferSyntax(syntax))
    bits = int(dataset.BitsStored)
    signed = int(dataset.PixelRepresentation)
    image.SetPixelFormat(gdcm.PixelFormat(1, 16, bits, bits - 1, signed))
    decoded = image.GetBuffer().encode("utf-8", "surrogateescape")
    values = np.frombuffer(decoded, dtype="<i2" if signed else "<u2")
    if values.size != dataset.Rows * dataset.Columns:
        raise ValueError(f"{values.size} of {dataset.Rows * dataset.Columns} pixels were decoded")
    return values.reshape(dataset.Rows, dataset.Columns)
