import numpy as np
import pytest
import torch

from meddistill_gui.audit.views import VIEWS, View
from meddistill_gui.gui.pages.anonymity_preview.overlay import Overlay, laid_over, overlay_from


@pytest.mark.parametrize("view", VIEWS, ids=View.words)
@pytest.mark.parametrize("channels", [1, 3])
def test_it_is_the_view_that_the_search_looked_through(view, channels):
    """Independent of the drawing code: the search's own change of the same image, in torch."""
    pixels = np.random.default_rng(0).integers(0, 256, (12, 12, channels), dtype=np.uint8)
    searched = view.apply(torch.from_numpy(pixels.transpose(2, 0, 1).copy()).float()[None])[0]
    overlay = Overlay(
        mirrored=view.mirrored, scale=view.scale, shift=view.shift, degrees=view.degrees
    )
    shown = laid_over(pixels if channels == 3 else pixels[:, :, 0], overlay)
    wanted = searched.numpy().transpose(1, 2, 0).reshape(shown.shape)
    assert np.abs(shown - wanted).max() <= 0.51


def test_a_negative_is_turned_back():
    pixels = np.arange(16, dtype=np.uint8).reshape(4, 4)
    assert np.array_equal(laid_over(pixels, Overlay(inverted=True)), 255 - pixels)


def test_nothing_to_do_leaves_the_bytes():
    pixels = np.arange(16, dtype=np.uint8).reshape(4, 4)
    assert laid_over(pixels, Overlay()) is pixels


def test_it_is_read_as_the_report_writes_it():
    record = {
        "mirrored": True,
        "scale": 1.1,
        "shift": [0.05, 0.0],
        "degrees": 0.0,
        "inverted": True,
    }
    assert overlay_from(record) == Overlay(
        mirrored=True, scale=1.1, shift=(0.05, 0.0), inverted=True
    )
    with pytest.raises(KeyError):
        overlay_from({"mirrored": True})
