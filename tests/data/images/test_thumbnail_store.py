"""Kept thumbnails: the same pixels again, bounded, nothing of the source in them, and never a reason to fail."""

from pathlib import Path

import numpy as np
import pytest

from meddistill_gui.core.errors import SourceError
from meddistill_gui.data.images.thumbnail_store import ThumbnailStore, key_of, purge


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    folder = tmp_path / "cache"
    folder.mkdir()
    return folder


def never() -> np.ndarray:
    raise AssertionError("it was drawn again")


def noise(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape or (32, 32), np.uint8)


@pytest.mark.parametrize("shape", [(16, 16), (16, 16, 3)])
def test_the_second_view_is_the_first_to_the_last_pixel(cache: Path, shape: tuple) -> None:
    store = ThumbnailStore(cache)
    store.picture(b"key", lambda: noise(1, *shape))
    store.close()
    again = ThumbnailStore(cache)
    np.testing.assert_array_equal(again.picture(b"key", never), noise(1, *shape))
    again.close()


def test_every_part_of_the_key_counts() -> None:
    one = Path("folder/Doe_Jane.dcm")
    keys = {
        key_of(one, 0, (10, 20), 128),
        key_of(Path("folder/other.dcm"), 0, (10, 20), 128),
        key_of(one, 1, (10, 20), 128),
        key_of(one, 0, (11, 20), 128),
        key_of(one, 0, (10, 21), 128),
        key_of(one, 0, (10, 20), 64),
    }
    assert len(keys) == 6
    assert key_of(one, 0, (10, 20), 128) in keys


def test_no_name_of_the_source_lies_in_the_file(cache: Path) -> None:
    store = ThumbnailStore(cache)
    store.picture(key_of(Path("Doe_Jane/scan.dcm"), 0, (1, 2), 32), lambda: noise(2))
    store.close()
    written = b"".join(file.read_bytes() for file in cache.iterdir())
    assert b"Doe" not in written
    assert b"scan.dcm" not in written


def test_what_cannot_be_drawn_is_said_and_not_kept(cache: Path) -> None:
    def broken() -> np.ndarray:
        raise SourceError("damaged", "leave it out")

    store = ThumbnailStore(cache)
    with pytest.raises(SourceError):
        store.picture(b"key", broken)
    np.testing.assert_array_equal(store.picture(b"key", lambda: noise(3)), noise(3))
    store.close()


def test_the_file_stays_bounded_and_drops_the_first(cache: Path) -> None:
    capacity = 1 << 20
    store = ThumbnailStore(cache, capacity)
    for number in range(2000):
        store.picture(number.to_bytes(4), lambda n=number: noise(n))
    np.testing.assert_array_equal(store.picture((1999).to_bytes(4), never), noise(1999))
    drawn = []
    store.picture((0).to_bytes(4), lambda: drawn.append(1) or noise(0))
    store.close()
    assert drawn == [1]
    size = (cache / "thumbnails.sqlite").stat().st_size
    assert size < 2 * capacity, size


@pytest.mark.parametrize(
    "damage", [b"no database at all" * 100, b"SQLite format 3\0" + bytes(4096)]
)
def test_a_damaged_file_is_made_anew(cache: Path, damage: bytes) -> None:
    (cache / "thumbnails.sqlite").write_bytes(damage)
    store = ThumbnailStore(cache)
    store.picture(b"key", lambda: noise(4))
    np.testing.assert_array_equal(store.picture(b"key", never), noise(4))
    store.close()


def test_a_flipped_bit_never_stops_the_view(cache: Path) -> None:
    store = ThumbnailStore(cache)
    for number in range(40):
        store.picture(bytes([number]), lambda n=number: noise(n))
    store.close()
    file = cache / "thumbnails.sqlite"
    whole = file.read_bytes()
    for place in range(100, len(whole), len(whole) // 60):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        store = ThumbnailStore(cache)
        for number in range(0, 40, 7):
            assert store.picture(bytes([number]), lambda n=number: noise(n)).shape == (32, 32)
        store.close()
        purge(cache)


def test_without_a_folder_pictures_are_drawn_each_time(tmp_path: Path) -> None:
    store = ThumbnailStore(tmp_path / "gone")
    np.testing.assert_array_equal(store.picture(b"key", lambda: noise(5)), noise(5))
    assert not (tmp_path / "gone").exists()
    store.close()


def test_purging_deletes_every_picture(cache: Path) -> None:
    other = cache / "pixels-1"
    other.mkdir()
    store = ThumbnailStore(cache)
    store.picture(b"key", lambda: noise(6))
    store.close()
    assert purge(cache) > 1000
    assert list(cache.iterdir()) == [other]
    assert purge(cache) == 0
