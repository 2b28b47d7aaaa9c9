"""A few bytes that claim to be a giant are refused before memory is taken."""

import io
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom import uid

from meddistill_gui.core.errors import SourceError
from meddistill_gui.data.formats import claims
from meddistill_gui.data.formats.claims import check_inflated, claimed_size
from meddistill_gui.data.formats.headers import read_facts
from meddistill_gui.data.formats.reading import read_image

ROOT = Path(pydicom.__file__).parent / "data" / "test_files"


@pytest.mark.parametrize(
    "name",
    ["693_J2KI.dcm", "JPEG2000.dcm", "SC_rgb_jpeg_gdcm.dcm", "JPEGLSNearLossless_08.dcm", "SC_rgb_jpeg_dcmtk.dcm", "GDCMJ2K_TextGBR.dcm"],
)  # fmt: skip
def test_the_claimed_size_is_the_real_one(name: str) -> None:
    dataset = pydicom.dcmread(ROOT / name)
    frame = pydicom.encaps.get_frame(dataset.PixelData, 0, number_of_frames=1)
    assert claimed_size(frame) == (dataset.Rows, dataset.Columns)


def test_what_says_nothing_has_no_size() -> None:
    for content in (b"", b"\xff\xd8", b"\xff\xd8\xff\xe0\x00\x10", b"RLE" * 100):
        assert claimed_size(content) is None


@pytest.mark.parametrize(
    "kind", ["JPEG2000.dcm", "SC_rgb_jpeg_gdcm.dcm", "JPEGLSNearLossless_08.dcm"]
)
def test_a_codestream_that_claims_a_giant_is_refused(tmp_path: Path, kind: str) -> None:
    content = bytearray((ROOT / kind).read_bytes())
    dataset = pydicom.dcmread(ROOT / kind)
    giant = (60_000).to_bytes(4)
    at = content.find(b"\xff\x4f\xff\x51")
    if at >= 0:
        content[at + 8 : at + 16] = giant * 2
    else:
        sizes = dataset.Rows.to_bytes(2) + dataset.Columns.to_bytes(2)
        at = content.index(sizes, content.index(b"\xff\xd8"))
        content[at : at + 4] = giant[2:] * 2
    path = tmp_path / "a.dcm"
    path.write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(SourceError, match="60000 x 60000"):
            read_image(path)
        assert tracemalloc.get_traced_memory()[1] < 50e6
    finally:
        tracemalloc.stop()


def _deflated(path: Path, zeros: int) -> None:
    """A deflated DICOM file whose pixel data are all zero."""
    meta = pydicom.dataset.FileMetaDataset()
    meta.TransferSyntaxUID = uid.DeflatedExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = "1.2.3", "1.2.4"
    empty = io.BytesIO()
    dataset = pydicom.dataset.FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.save_as(empty, enforce_file_format=True)
    content = empty.getvalue()
    start = 144 + int.from_bytes(content[140:144], "little")
    deflater = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = b"".join(deflater.compress(b"\0" * (1 << 20)) for _ in range(zeros >> 20))
    path.write_bytes(content[:start] + body + deflater.flush())


def test_a_deflate_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "MOST_INFLATED", 1 << 24)
    _deflated(tmp_path / "bomb.dcm", 64 << 20)
    tracemalloc.start()
    try:
        problem = read_facts(tmp_path / "bomb.dcm").problem
        assert problem is not None
        assert problem.cause == "too large"
        with pytest.raises(SourceError, match="deflated"):
            read_image(tmp_path / "bomb.dcm")
        assert tracemalloc.get_traced_memory()[1] < 16e6
    finally:
        tracemalloc.stop()


def test_honest_deflated_files_pass_and_the_stream_is_rewound() -> None:
    for path in (ROOT / "image_dfl.dcm", ROOT / "CT_small.dcm"):
        with path.open("rb") as stream:
            check_inflated(stream)
            assert stream.tell() == 0


def test_a_picture_that_claims_a_giant_is_named(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / "a.png")
    content = bytearray((tmp_path / "a.png").read_bytes())
    content[16:24] = (60_000).to_bytes(4) * 2
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4)
    (tmp_path / "a.png").write_bytes(content)
    problem = read_facts(tmp_path / "a.png").problem
    assert problem is not None
    with pytest.raises(SourceError):
        read_image(tmp_path / "a.png")
