import numpy as np
import pytest

from meddistill_gui.audit import nearest
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import Stopped


def brute(ours, real):
    a, b = ours.reshape(len(ours), -1).astype(int), real.reshape(len(real), -1).astype(int)
    return np.array([[int(((x - y) ** 2).sum()) for y in b] for x in a])


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("block", [1, 7, 4096])
def test_distances_are_exact_whatever_the_block(seed, block, monkeypatch):
    monkeypatch.setattr(nearest, "_ROWS", block)
    random = np.random.default_rng(seed)
    ours = random.integers(0, 256, (3, 1, 9, 9), dtype=np.uint8)
    real = random.integers(0, 256, (23, 1, 9, 9), dtype=np.uint8)
    real[5] = ours[1]
    found = nearest.distances(ours, real, Control())
    assert found.tolist() == brute(ours, real).tolist()
    assert found[1, 5] == 0


def test_extreme_distances_of_large_images_are_exact():
    black = np.zeros((1, 3, 224, 224), dtype=np.uint8)
    white = np.full_like(black, 255)
    one_off = white.copy()
    one_off[0, 0, 0, 0] = 254
    found = nearest.distances(white, np.concatenate([white, one_off, black]), Control())
    assert found.tolist() == [[0, 1, 255 * 255 * 3 * 224 * 224]]


def test_each_patient_stands_once_and_ties_go_by_id():
    distances = np.array([[4, 1, 4, 2, 4]])
    patients, ids = np.array([0, 1, 2, 1, 3]), np.array([30, 11, 20, 12, 10])
    found = nearest.nearest_patients(distances, patients, ids, 3)
    assert ids[found.rows].tolist() == [[11, 10, 20]]
    assert found.distances.tolist() == [[1, 4, 4]]


def test_the_order_of_rows_does_not_matter():
    random = np.random.default_rng(3)
    distances = random.integers(0, 9, (4, 50))  # many ties
    patients, ids = random.integers(0, 20, 50), random.permutation(50)
    order = random.permutation(50)
    first = nearest.nearest_patients(distances, patients, ids, 5)
    second = nearest.nearest_patients(distances[:, order], patients[order], ids[order], 5)
    assert ids[first.rows].tolist() == ids[order][second.rows].tolist()


def test_fewer_patients_than_wanted():
    found = nearest.nearest_patients(np.array([[3, 1]]), np.array([0, 0]), np.array([1, 2]), 3)
    assert found.rows.tolist() == [[1]]


def test_a_wish_to_stop_is_heard():
    control = Control()
    control.request_stop()
    image = np.zeros((1, 1, 4, 4), dtype=np.uint8)
    with pytest.raises(Stopped):
        nearest.distances(image, image, control)
