from dataclasses import replace

import numpy as np

from meddistill_gui.audit.side_channels import side_channels


def test_what_travels_beside_the_pixels_is_listed(train, strangers, make_set):
    plain = make_set(strangers[:4], train)
    assert any("plain classes" in line for line in side_channels(plain))
    soft = replace(plain, labels=np.full((4, 2), 0.5, dtype=np.float32), images=plain.images * 3)
    lines = " ".join(side_channels(soft))
    assert "learned probabilities (8 numbers)" in lines
    assert "say more than the pictures show" in lines
    raw = replace(plain, labels=np.full((4, 2), -0.5, dtype=np.float32))
    assert "learned weights of the classes (8 numbers)" in " ".join(side_channels(raw))
