"""Slices of NIfTI volumes, against nibabel's own way to the same view."""

import gzip
from pathlib import Path

import nibabel
import numpy as np
import pytest

from meddistill_gui.core.errors import SourceError
from meddistill_gui.data.formats import volumes
from meddistill_gui.data.formats.headers import read_facts
from meddistill_gui.data.formats.reading import read_frame, read_header, read_image
from meddistill_gui.data.formats.volumes import decode_slice

pytestmark = pytest.mark.slow

# Axes of three scanners: along the body's axes, sagittal with turned signs, oblique.
AFFINES = {
    "straight": np.diag([2.0, 2.0, 3.0, 1.0]),
    "radiological": np.diag([-1.0, 1.0, 1.0, 1.0]),
    "sagittal": np.array([[0, 0, 2, 5], [-1, 0, 0, 7], [0, -1, 0, 9], [0, 0, 0, 1.0]]),
    "oblique": np.array([[0.9, 0.3, 0, 0], [-0.3, 0.9, 0.1, 0], [0, -0.1, -1, 0], [0, 0, 0, 1.0]]),
}


def _volume(
    path: Path, affine: np.ndarray, dtype: type = np.int16, shape=(7, 9, 5), **scale
) -> Path:
    grey = np.random.default_rng(1).integers(-900, 900, shape)
    kind = nibabel.Nifti2Image if "two" in path.name else nibabel.Nifti1Image
    image = kind(grey.astype(dtype), affine)
    if scale:
        image.header.set_slope_inter(**scale)
    nibabel.save(image, path)
    return path


def _expected(path: Path, number: int) -> np.ndarray:
    canonical = nibabel.as_closest_canonical(nibabel.load(path))
    voxels = canonical.get_fdata()
    voxels = voxels.reshape(*voxels.shape[:2], -1, order="C") if voxels.ndim == 3 else voxels
    if voxels.ndim == 4:
        time, number = divmod(number, voxels.shape[2])
        voxels = voxels[..., time]
    return voxels[::-1, ::-1, number].T


@pytest.mark.parametrize("affine", AFFINES)
@pytest.mark.parametrize("name", ["one.nii", "one.nii.gz", "two.nii"])
def test_every_slice_lies_as_nibabel_says(tmp_path: Path, affine: str, name: str) -> None:
    path = _volume(tmp_path / name, AFFINES[affine])
    header = read_facts(path).header
    assert header is not None
    canonical = nibabel.as_closest_canonical(nibabel.load(path)).shape
    assert (header.width, header.height, header.frames) == canonical
    for number in range(header.frames):
        values, low, high = decode_slice(str(path), number)
        np.testing.assert_array_equal(values, _expected(path, number).astype(np.float32))
        assert (low, high) == pytest.approx(
            np.percentile(nibabel.load(path).get_fdata(), (0.5, 99.5))
        )


def test_a_time_series_a_scale_and_a_large_volume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _volume(tmp_path / "a.nii", AFFINES["oblique"], shape=(7, 9, 5, 3), slope=0.5, inter=-3)
    small = [decode_slice(str(path), number)[0] for number in range(15)]
    monkeypatch.setattr(volumes, "_KEPT_BYTES", 1)
    volumes._opened.cache_clear()
    for number in range(15):
        expected = _expected(path, number)
        np.testing.assert_allclose(small[number], expected, rtol=1e-6)
        np.testing.assert_allclose(decode_slice(str(path), number)[0], expected, rtol=1e-6)
    volumes._opened.cache_clear()


def test_shown_between_the_volumes_percentiles(tmp_path: Path) -> None:
    path = _volume(tmp_path / "a.nii.gz", AFFINES["straight"], np.float32)
    low, high = np.percentile(nibabel.load(path).get_fdata(), (0.5, 99.5))
    expected = np.clip((_expected(path, 2) - low) / (high - low), 0, 1)
    np.testing.assert_allclose(read_image(path, 2), expected, atol=1e-4)
    with pytest.raises(SourceError, match="no slice 6"):
        read_frame(path, 5)


def test_the_fingerprint_is_of_the_voxels_alone(tmp_path: Path) -> None:
    path = _volume(tmp_path / "a.nii", AFFINES["straight"])
    packed = tmp_path / "b.nii.gz"
    image = nibabel.load(path)
    image.header["descrip"] = b"Jane Doe"
    nibabel.save(image, packed)
    other = tmp_path / "c.nii.gz"
    with other.open("wb") as file, gzip.GzipFile("another name", "wb", 9, file, 5) as stream:
        stream.write(gzip.decompress(packed.read_bytes()))
    facts = [read_facts(one).header for one in (packed, other)]
    assert len({one.fingerprint for one in facts if one}) == 1
    (row,) = (row for row in read_header(packed) if row.keyword == "descrip")
    assert row.value == "Jane Doe"
    assert row.identifying


def test_what_cannot_be_used_is_named(tmp_path: Path) -> None:
    whole = _volume(tmp_path / "whole.nii", AFFINES["straight"]).read_bytes()
    giant = bytearray(whole)
    giant[40:48] = np.array([3, 30000, 30000, 300], "<i2").tobytes()
    colour = np.zeros((4, 4, 4), [("R", "u1"), ("G", "u1"), ("B", "u1")])
    nibabel.save(nibabel.Nifti1Image(colour, np.eye(4)), tmp_path / "colour.nii")
    (tmp_path / "short.nii").write_bytes(whole[:-9])
    (tmp_path / "giant.nii").write_bytes(giant)
    (tmp_path / "giant.nii.gz").write_bytes(gzip.compress(giant))
    (tmp_path / "text.nii.gz").write_bytes(gzip.compress(b"no volume at all" * 99))
    reasons = {
        path.name: facts.problem.reason
        for path in sorted(tmp_path.iterdir())
        if (facts := read_facts(path)).problem
    }
    assert reasons.keys() == {"short.nii", "giant.nii", "giant.nii.gz", "text.nii.gz", "colour.nii"}
    assert "GiB" in reasons["giant.nii"]
    assert "ends before" in reasons["short.nii"]
    assert "kind that is not shown" in reasons["colour.nii"]
