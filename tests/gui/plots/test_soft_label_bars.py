"""Soft labels are shown as bars and said in words; hard ones are not."""

import numpy as np
import pytest
from PySide6.QtCore import QRectF

from meddistill_gui.core.patch_set import PATCH_CLASSES
from meddistill_gui.gui.plots.soft_label_bars import SoftLabelBars

LABELS = np.array([[0.9, 0.06, 0.04], [0.1, 0.2, 0.7]], dtype=np.float32)


@pytest.fixture
def bars(qtbot):
    made = SoftLabelBars()
    qtbot.addWidget(made)
    made.resize(400, 120)
    return made


def test_every_share_is_said_and_drawn(bars):
    bars.show_labels(LABELS, PATCH_CLASSES)
    assert bars.isVisible()
    assert bars.accessibleDescription().splitlines() == [
        "Image 1: outside 90%, inside-negative 6%, inside-positive 4%",
        "Image 2: outside 10%, inside-negative 20%, inside-positive 70%",
    ]
    drawn = bars.grab().toImage()
    bars.show_labels(LABELS[::-1], PATCH_CLASSES)
    assert bars.grab().toImage() != drawn
    bars.hide()


def test_other_weights_have_signs_and_stand_on_a_line_of_zero(bars):
    raw = np.array([[1.94, -0.59, -0.47], [-0.65, 1.86, 1.09]], dtype=np.float32)
    bars.show_labels(raw, PATCH_CLASSES)
    assert bars.accessibleDescription().splitlines() == [
        "Image 1: outside +1.94, inside-negative -0.59, inside-positive -0.47",
        "Image 2: outside -0.65, inside-negative +1.86, inside-positive +1.09",
    ]
    frame = QRectF(10, 0, 100, 10)
    low, zero, high = (bars._place(frame, weight) for weight in (-0.65, 0.0, 1.94))
    assert low == pytest.approx(10, abs=1e-4)
    assert high == pytest.approx(110, abs=1e-4)
    assert zero == pytest.approx(10 + 100 * 0.65 / 2.59, abs=1e-4)
    drawn = bars.grab().toImage()
    bars.show_labels(np.abs(raw), PATCH_CLASSES)
    assert bars.grab().toImage() != drawn
    bars.hide()


@pytest.mark.parametrize("width", [300, 400, 600, 900])
def test_cut_names_stay_apart(bars, width):
    """inside-negative and inside-positive begin and end alike."""
    bars.show_labels(LABELS, PATCH_CLASSES)
    assert len(set(bars._short(width // 4))) == 3
    assert bars._short(600) == list(PATCH_CLASSES)
    bars.hide()


def test_hard_or_unnamed_labels_show_nothing(bars):
    bars.show_labels(None, PATCH_CLASSES)
    assert not bars.isVisible()
    bars.show_labels(LABELS, ("only", "two"))
    assert not bars.isVisible()
