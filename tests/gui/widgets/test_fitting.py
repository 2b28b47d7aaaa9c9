"""What does not fit is scrolled to, never crushed."""

import pytest
from PySide6.QtWidgets import QLabel, QSplitter, QVBoxLayout, QWidget

from meddistill_gui.gui.widgets.fitting import fitted


@pytest.mark.parametrize("wrapped", [False, True])
def test_content_keeps_its_least_height_in_a_low_window(qtbot, wrapped):
    content = QWidget()
    column = QVBoxLayout(content)
    words = QLabel("A sentence of several words that may stand in one line or in many.")
    words.setWordWrap(wrapped)
    column.addWidget(words)
    below = QSplitter()
    below.setMinimumHeight(300)
    column.addWidget(below)
    area = fitted(content)
    qtbot.addWidget(area)
    area.resize(200, 100)
    area.show()
    qtbot.waitExposed(area)
    assert below.height() >= 300
    assert words.height() >= words.heightForWidth(words.width())
