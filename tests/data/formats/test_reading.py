"""What is shown is what the standard says: modality LUT, then window or VOI LUT, then polarity."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pydicom import uid
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut

from meddistill_gui.core.configs.distill import ImagesConfig
from meddistill_gui.core.errors import SourceError
from meddistill_gui.data.formats.reading import read_display, read_header, read_image
from meddistill_gui.data.images.square_preview import preview_square
from meddistill_gui.data.images.squares import to_square, to_stored
from meddistill_gui.data.images.thumbnails import thumbnail


def write_dicom(path: Path, stored: np.ndarray, **tags) -> FileDataset:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = uid.SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = "2.25.5"
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID, dataset.SOPInstanceUID = meta.MediaStorageSOPClassUID, "2.25.5"
    frames = stored[None] if stored.ndim == 2 else stored
    dataset.Rows, dataset.Columns = frames.shape[1:3]
    dataset.SamplesPerPixel = 3 if stored.ndim == 4 else 1
    if stored.ndim == 4:
        dataset.PlanarConfiguration = 0
    if len(frames) > 1:
        dataset.NumberOfFrames = len(frames)
    dataset.PhotometricInterpretation = "RGB" if stored.ndim == 4 else "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 8 * stored.itemsize
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(stored.dtype.kind == "i")
    content = stored.tobytes()
    dataset.PixelData = content + b"\0" * (len(content) % 2)
    dataset["PixelData"].VR = "OW" if stored.itemsize > 1 else "OB"
    for name, value in tags.items():
        setattr(dataset, name, value)
    dataset.save_as(path, enforce_file_format=True)
    return dataset


def ramp(dtype: str = "u2", low: int = 0, high: int = 4095) -> np.ndarray:
    return np.linspace(low, high, 48).astype(dtype).reshape(6, 8)


@given(
    center=st.floats(-2000, 6000),
    width=st.floats(1.5, 9000),
    slope=st.sampled_from([1.0, 0.5, 2.25]),
    intercept=st.sampled_from([0.0, -1024.0, 37.5]),
    kind=st.sampled_from(["u2", "i2", "u1", "i1"]),
    function=st.sampled_from(["LINEAR", "LINEAR_EXACT", "SIGMOID", None]),
)
@settings(deadline=None, max_examples=60)
def test_window_equals_pydicom(
    tmp_path_factory: pytest.TempPathFactory, center, width, slope, intercept, kind, function
) -> None:
    """Against pydicom's own chain, whose output range depends on bits, sign, slope and intercept."""
    path = tmp_path_factory.mktemp("w") / "a.dcm"
    info = np.iinfo(kind)
    stored = np.linspace(max(info.min, -900), min(info.max, 4000), 48).astype(kind).reshape(6, 8)
    tags = {"WindowCenter": round(center, 3), "WindowWidth": round(width, 3)}
    tags |= {"RescaleSlope": slope, "RescaleIntercept": intercept}
    if function:
        tags["VOILUTFunction"] = function
    dataset = write_dicom(path, stored, **tags)
    with np.errstate(over="ignore"):
        shown = apply_voi_lut(apply_modality_lut(stored, dataset), dataset)
    ends = np.array([info.min, info.max]) * slope + intercept
    expected = (shown - ends[0]) / (ends[1] - ends[0])
    np.testing.assert_allclose(read_image(path), expected, atol=2e-6)


def test_the_first_of_several_windows_counts_and_all_are_presets(tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    write_dicom(
        path,
        ramp(),
        WindowCenter=[1000, 3000],
        WindowWidth=[500, 600],
        WindowCenterWidthExplanation=["BONE", "LUNG"],
    )
    one = tmp_path / "b.dcm"
    write_dicom(one, ramp(), WindowCenter=1000, WindowWidth=500)
    np.testing.assert_array_equal(read_image(path), read_image(one))
    shown = read_display(path)
    assert [(p.name, p.center, p.width) for p in shown.presets[:2]] == [
        ("BONE", 1000, 500),
        ("LUNG", 3000, 600),
    ]
    assert (shown.window_center, shown.window_width) == (1000, 500)


@pytest.mark.parametrize(
    "tags", [{"WindowWidth": 0.5}, {"WindowWidth": 0}, {"VOILUTFunction": "CUBIC"}]
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_window_that_the_standard_forbids_still_shows_an_image(tmp_path: Path, tags) -> None:
    write_dicom(tmp_path / "a.dcm", ramp(), **{"WindowCenter": 2000, "WindowWidth": 100, **tags})
    shown = read_image(tmp_path / "a.dcm")
    assert (shown.min(), shown.max()) == (0, 1)


def test_monochrome1_is_inverted_after_the_window(tmp_path: Path) -> None:
    write_dicom(tmp_path / "2.dcm", ramp(), WindowCenter=1500, WindowWidth=400)
    write_dicom(
        tmp_path / "1.dcm", ramp(), WindowCenter=1500, WindowWidth=400,
        PhotometricInterpretation="MONOCHROME1", PresentationLUTShape="INVERSE",
    )  # fmt: skip
    np.testing.assert_allclose(read_image(tmp_path / "1.dcm"), 1 - read_image(tmp_path / "2.dcm"))
    assert read_display(tmp_path / "1.dcm").inverted
    np.testing.assert_array_equal(
        read_display(tmp_path / "1.dcm").values, read_display(tmp_path / "2.dcm").values
    )


def test_a_slope_below_one_keeps_its_fractions(tmp_path: Path) -> None:
    """Floored to 0 elsewhere (cornerstone3D#1925)."""
    write_dicom(tmp_path / "a.dcm", ramp("u1", 0, 255), RescaleSlope=0.001, RescaleIntercept=0)
    values = read_display(tmp_path / "a.dcm").values
    assert values.max() == pytest.approx(0.255)
    assert len(np.unique(values)) == 48
    assert read_image(tmp_path / "a.dcm").max() == 1


def test_without_a_window_percentiles_decide(tmp_path: Path) -> None:
    stored = ramp(high=1000)
    stored[0, 0] = 60000  # one burned pixel must not make the rest black
    stored = np.repeat(np.repeat(stored, 20, 0), 20, 1)
    stored[:20, 1:20] = 0
    write_dicom(tmp_path / "a.dcm", stored)
    assert np.median(read_image(tmp_path / "a.dcm")) > 0.3
    write_dicom(tmp_path / "b.dcm", ramp(), WindowCenter=100, WindowWidth=2)
    assert len(np.unique(read_image(tmp_path / "b.dcm", window="percentile"))) > 40


def test_a_usual_window_of_computed_tomography() -> None:
    path = get_testdata_file("CT_small.dcm")
    dataset = pydicom.dcmread(path)
    units = apply_modality_lut(dataset.pixel_array, dataset)
    shown = read_image(Path(path), window="ct-soft-tissue")
    np.testing.assert_allclose(shown, np.clip((units + 160) / 400, 0, 1), atol=1e-6)
    for options in (ImagesConfig(size=24), ImagesConfig(fit="crop", channels=3, window="ct-lung")):
        preview = preview_square(Path(path), 0, options)
        values = read_image(Path(path), window=options.window)
        stored = to_stored(to_square(values, options.size, options.fit, options.channels))
        expected = stored[0] if options.channels == 1 else stored.transpose(1, 2, 0)
        np.testing.assert_array_equal(preview.after, expected)
        np.testing.assert_array_equal(preview.before, to_stored(read_image(Path(path))))


def test_padding_does_not_count_for_percentiles(tmp_path: Path) -> None:
    stored = ramp("i2", 0, 1000)
    stored[:2] = -2000
    write_dicom(tmp_path / "a.dcm", stored)
    write_dicom(tmp_path / "b.dcm", stored, PixelPaddingValue=-2000)
    assert read_image(tmp_path / "a.dcm")[2].min() > 0.6
    assert read_image(tmp_path / "b.dcm")[2].min() < 0.05


def test_voi_lut_goes_before_the_window(tmp_path: Path) -> None:
    stored = ramp(high=255)
    table = Dataset()
    table.LUTDescriptor = [256, 0, 12]
    table.LUTData = (4095 - 16 * np.arange(256)).astype("<u2").tobytes()
    dataset = write_dicom(
        tmp_path / "a.dcm", stored, VOILUTSequence=[table], WindowCenter=10, WindowWidth=5
    )
    expected = apply_voi_lut(stored, dataset) / 4095
    np.testing.assert_allclose(read_image(tmp_path / "a.dcm"), expected, atol=1e-6)


def test_frames_are_read_one_by_one_with_their_own_windows(tmp_path: Path) -> None:
    """Enhanced objects keep rescale and window in functional groups."""
    stored = np.stack([ramp(), ramp()[::-1]])
    groups = []
    for center in (1000, 3000):
        voi, pixel, group = Dataset(), Dataset(), Dataset()
        voi.WindowCenter, voi.WindowWidth = center, 400
        pixel.RescaleSlope, pixel.RescaleIntercept, pixel.RescaleType = 2, -5, "US"
        group.FrameVOILUTSequence, group.PixelValueTransformationSequence = [voi], [pixel]
        groups.append(group)
    write_dicom(tmp_path / "a.dcm", stored, PerFrameFunctionalGroupsSequence=groups)
    for frame, center in enumerate((1000, 3000)):
        shown = read_display(tmp_path / "a.dcm", frame)
        assert shown.window_center == center
        np.testing.assert_array_equal(shown.values, stored[frame].astype(np.float32) * 2 - 5)
    with pytest.raises(SourceError, match="no image number 3"):
        read_image(tmp_path / "a.dcm", 2)


def test_colour(tmp_path: Path) -> None:
    stored = np.random.default_rng(0).integers(0, 256, (1, 6, 8, 3), dtype=np.uint8)
    write_dicom(tmp_path / "a.dcm", stored)
    np.testing.assert_allclose(read_image(tmp_path / "a.dcm"), stored[0] / 255, atol=1e-7)


def test_a_constant_image_is_refused(tmp_path: Path) -> None:
    """Some decoders "succeed" with zeros (pydicom#966)."""
    write_dicom(tmp_path / "a.dcm", np.zeros((4, 4), np.uint16))
    with pytest.raises(SourceError, match=r"All pixels of a\.dcm are equal"):
        read_image(tmp_path / "a.dcm")


@pytest.mark.parametrize(
    ("kind", "suffix"), [("L", "png"), ("RGB", "png"), ("L", "tiff"), ("L", "bmp"), ("RGB", "jpg")]
)
def test_pictures(tmp_path: Path, kind: str, suffix: str) -> None:
    shape = (6, 8) if kind == "L" else (6, 8, 3)
    stored = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(stored).save(
        path, quality=100, subsampling=0
    ) if suffix == "jpg" else Image.fromarray(stored).save(path)
    tolerance = 0.03 if suffix == "jpg" else 1e-7
    np.testing.assert_allclose(read_image(path), stored / 255, atol=tolerance)


def test_grey_saved_as_colour_is_grey(tmp_path: Path) -> None:
    grey = np.random.default_rng(0).integers(0, 256, (6, 8), dtype=np.uint8)
    Image.fromarray(np.repeat(grey[..., None], 3, -1)).save(tmp_path / "a.png")
    assert read_image(tmp_path / "a.png").shape == (6, 8)


@pytest.mark.parametrize("suffix", ["png", "tiff"])
def test_sixteen_bit_pictures_use_percentiles(tmp_path: Path, suffix: str) -> None:
    stored = ramp(high=3000)
    Image.fromarray(stored).save(tmp_path / f"a.{suffix}")
    np.testing.assert_array_equal(read_display(tmp_path / f"a.{suffix}").values, stored)
    assert read_image(tmp_path / f"a.{suffix}").max() == 1


def test_what_cannot_be_read_is_a_source_error(tmp_path: Path) -> None:
    (tmp_path / "letter.dcm").write_text("dear colleague")
    with pytest.raises(SourceError):
        read_image(tmp_path / "letter.dcm")
    with pytest.raises(SourceError, match="cannot be read"):
        read_image(tmp_path / "missing.dcm")
    with pytest.raises(SourceError):
        read_header(tmp_path / "missing.dcm")
    with pytest.raises(SourceError):
        thumbnail(tmp_path / "missing.dcm", 0, 32)


@pytest.mark.filterwarnings("ignore")
def test_a_header_that_claims_a_giant_is_refused_before_memory_is_taken(tmp_path: Path) -> None:
    write_dicom(tmp_path / "a.dcm", ramp(), Rows=60_000, Columns=60_000)
    with pytest.raises(SourceError, match="3,600,000,000 pixels"):
        read_image(tmp_path / "a.dcm")


def test_fields_that_only_say_how_a_picture_is_stored_are_not_marked(tmp_path: Path) -> None:
    Image.new("L", (8, 8)).save(tmp_path / "a.jpg", comment=b"Jane Doe", dpi=(72, 72))
    marked = {row.keyword for row in read_header(tmp_path / "a.jpg") if row.identifying}
    assert marked == {"comment"}


def test_the_tag_table_marks_what_identifies(hospital: Path) -> None:
    file = sorted(hospital.rglob("IM*"))[0]
    rows = {row.keyword: row for row in read_header(file)}
    for keyword in (
        "PatientName",
        "PatientID",
        "StudyDate",
        "StudyInstanceUID",
        "AccessionNumber",
        "InstitutionName",
        "PatientAddress",
        "OperatorsName",
    ):
        assert rows[keyword].identifying, keyword
    for keyword in (
        "Rows",
        "Modality",
        "TransferSyntaxUID",
        "SOPClassUID",
        "PhotometricInterpretation",
        "BitsStored",
    ):
        assert not rows[keyword].identifying, keyword
    assert "PixelData" not in rows


def test_thumbnails_are_bare_squares(tmp_path: Path) -> None:
    write_dicom(tmp_path / "g.dcm", np.tile(ramp(), (1, 3)))
    small = thumbnail(tmp_path / "g.dcm", 0, 12)
    assert (small.shape, small.dtype) == ((12, 12), np.uint8)
    assert small[0].max() == 0, "a wide image is padded above and below"
    assert small[5:7].max() > 100
    colour = np.random.default_rng(0).integers(0, 256, (1, 6, 8, 3), dtype=np.uint8)
    write_dicom(tmp_path / "c.dcm", colour)
    assert thumbnail(tmp_path / "c.dcm", 0, 12).shape == (12, 12, 3)
