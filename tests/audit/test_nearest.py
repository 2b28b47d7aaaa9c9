import numpy as np
import pytest

from meddistill_gui.audit import nearest
from meddistill_gui.audit.nearest import Gallery, distances, nearest_patients
from meddistill_gui.audit.shelf import Shelf
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import Stopped


def brute(ours, real):
    a, b = ours.reshape(len(ours), -1).astype(int), real.reshape(len(real), -1).astype(int)
    return np.array([[int(((x - y) ** 2).sum()) for y in b] for x in a])


def brute_nearest(ours, gallery, count):
    """Every pair, one after the other; the nearest of each patient, ties by id."""
    rows, apart = [], []
    for found in brute(ours, gallery.images):
        order = sorted(range(len(found)), key=lambda row: (found[row], gallery.ids[row]))
        met, chosen = set(), []
        for row in order:
            if gallery.patients[row] not in met and len(chosen) < count:
                met.add(gallery.patients[row])
                chosen.append(row)
        rows.append(chosen)
        apart.append(found[chosen])
    return np.array(rows), np.array(apart)


def invented(seed, *, images=60, patients=25, side=12, channels=1, smooth=True):
    """Bright and dark patients with a little noise (so that the bound prunes), copies and ties among them."""
    random = np.random.default_rng(seed)
    base = random.integers(0, 256, (images, channels, 1, 1)) if smooth else 0
    noise = random.integers(0, 40 if smooth else 256, (images, channels, side, side))
    real = np.clip(base + noise, 0, 255).astype(np.uint8)
    real[7] = real[3]
    ours = np.concatenate([real[3:5], np.clip(real[9:12] + np.uint8(1), 0, 255)])
    ours = np.concatenate([ours, random.integers(0, 256, (2, *real.shape[1:]), dtype=np.uint8)])
    gallery = Gallery(
        images=real, patients=random.integers(patients, size=images), ids=random.permutation(images)
    )
    return ours, gallery


def searched(ours, gallery, count, run_to_end, **more):
    found = run_to_end(nearest_patients(ours, gallery, count, Control(), **more))
    return found.rows.tolist(), found.distances.tolist()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(200))
def test_the_pruned_search_is_the_search_through_all_pairs(seed, run_to_end, monkeypatch):
    """Vector 14: the same rows and distances, for sizes that blocks fill and do not fill."""
    monkeypatch.setattr(nearest, "_GRID", 1 + seed % 5)
    ours, gallery = invented(
        seed, side=8 + seed % 7, channels=1 + 2 * (seed % 2), smooth=seed % 3 > 0
    )
    rows, apart = brute_nearest(ours, gallery, 5)
    assert searched(ours, gallery, 5, run_to_end) == (rows.tolist(), apart.tolist())


@pytest.mark.parametrize("copied", [0, 3, 1000])
def test_the_way_of_comparing_changes_nothing(copied, run_to_end, monkeypatch):
    monkeypatch.setattr(nearest, "_GRID", 3)
    monkeypatch.setattr(nearest, "_ROWS", 16)
    monkeypatch.setattr(nearest, "_COPIED", copied)
    ours, gallery = invented(6)
    rows, apart = brute_nearest(ours, gallery, 5)
    assert searched(ours, gallery, 5, run_to_end) == (rows.tolist(), apart.tolist())


def test_the_bound_is_one_whatever_float32_rounds_away():
    """Bright images with long rows, where an inner product in float32 is off by more than the distances are."""
    random = np.random.default_rng(0)
    base = random.integers(0, 256, (1, 1, 224, 224))
    real = np.clip(base + random.integers(-1, 2, (12, 1, 224, 224)), 0, 255).astype(np.uint8)
    pixels = nearest.centred(real)
    outline = nearest._outlined(pixels, real.shape[1:])
    exact = distances(real, real)
    assert (nearest._bounds(outline, outline) <= exact).all()
    assert exact.tolist() == brute(real, real).tolist()


@pytest.mark.parametrize("block", [1, 7, 60, 1024])
def test_the_size_of_blocks_changes_nothing(block, run_to_end, monkeypatch):
    """Vector 15: the 25 patients there are, in the same order."""
    ours, gallery = invented(4)
    usual = searched(ours, gallery, 51, run_to_end)
    monkeypatch.setattr(nearest, "_ROWS", block)
    assert searched(ours, gallery, 51, run_to_end) == usual


def test_most_pairs_are_never_compared(run_to_end, monkeypatch):
    monkeypatch.setattr(nearest, "_GRID", 4)
    monkeypatch.setattr(nearest, "_ROWS", 64)
    monkeypatch.setattr(nearest, "_COPIED", 0)
    compared = []
    usual = nearest.exact_distances
    monkeypatch.setattr(
        nearest,
        "exact_distances",
        lambda a, b: compared.append(len(a.squares) * len(b.squares)) or usual(a, b),
    )
    ours, gallery = invented(1, images=2000, patients=2000, side=16)
    searched(ours[:4], gallery, 3, run_to_end)
    assert sum(compared) < 0.2 * 4 * 2000


@pytest.mark.parametrize("seed", range(20))
def test_distances_are_exact(seed):
    random = np.random.default_rng(seed)
    ours = random.integers(0, 256, (3, 1, 9, 9), dtype=np.uint8)
    real = random.integers(0, 256, (23, 1, 9, 9), dtype=np.uint8)
    real[5] = ours[1]
    found = distances(ours, real)
    assert found.tolist() == brute(ours, real).tolist()
    assert found[1, 5] == 0


def test_extreme_distances_of_large_images_are_exact(run_to_end):
    black = np.zeros((1, 3, 224, 224), dtype=np.uint8)
    white = np.full_like(black, 255)
    one_off = white.copy()
    one_off[0, 0, 0, 0] = 254
    real = np.concatenate([black, one_off, white])
    gallery = Gallery(images=real, patients=np.arange(3), ids=np.arange(3))
    rows, apart = searched(white, gallery, 3, run_to_end)
    assert rows == [[2, 1, 0]]
    assert apart == [[0, 1, 255 * 255 * 3 * 224 * 224]]


def test_the_order_of_rows_does_not_matter(run_to_end):
    """Vector 13: many ties, which go by id."""
    random = np.random.default_rng(3)
    real = random.integers(0, 2, (80, 1, 3, 3), dtype=np.uint8)
    gallery = Gallery(images=real, patients=random.integers(0, 30, 80), ids=random.permutation(80))
    order = random.permutation(80)
    moved = Gallery(images=real[order], patients=gallery.patients[order], ids=gallery.ids[order])
    first, second = (searched(real[:6], one, 9, run_to_end) for one in (gallery, moved))
    assert gallery.ids[first[0]].tolist() == moved.ids[second[0]].tolist()
    assert first[1] == second[1]


def test_fewer_patients_than_wanted(run_to_end):
    real = np.zeros((2, 1, 4, 4), dtype=np.uint8)
    real[0] += 1
    gallery = Gallery(images=real, patients=np.zeros(2, dtype=np.int64), ids=np.arange(2))
    assert searched(np.zeros((1, 1, 4, 4), np.uint8), gallery, 3, run_to_end) == ([[1]], [[0]])


@pytest.mark.parametrize("stop_after", [1, 4, 9, 10])
def test_an_interrupted_search_goes_on(stop_after, run_to_end, monkeypatch, tmp_path):
    monkeypatch.setattr(nearest, "_ROWS", 6)
    ours, gallery = invented(2)
    usual = searched(ours, gallery, 4, run_to_end)
    shelf = Shelf(tmp_path / "shelf", "a")
    steps = nearest_patients(ours, gallery, 4, Control(), shelf)
    for _ in range(stop_after):
        done, total = next(steps)
    shelf.flush()
    again = nearest_patients(ours, gallery, 4, Control(), Shelf(tmp_path / "shelf", "a"))
    assert list(again)[:1] == ([(done + 1, total)] if done < total else [])
    assert searched(ours, gallery, 4, run_to_end, shelf=shelf) == usual


def test_a_wish_to_stop_is_heard():
    control = Control()
    control.request_stop()
    image = np.zeros((1, 1, 4, 4), dtype=np.uint8)
    gallery = Gallery(images=image, patients=np.zeros(1, np.int64), ids=np.zeros(1, np.int64))
    with pytest.raises(Stopped):
        list(nearest_patients(image, gallery, 1, control))
