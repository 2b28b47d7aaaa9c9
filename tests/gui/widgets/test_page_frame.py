"""The frame never grows wider than what is seen."""

from meddistill_gui.gui.widgets.page_frame import PageFrame
from meddistill_gui.gui.widgets.scrolling import scrolling


def test_where_text_is_large_an_action_that_appears_later_does_not_widen_the_page(qtbot):
    frame = PageFrame("Title", "What it is for.")
    font = frame.font()
    font.setPointSize(26)
    frame.setFont(font)
    first = frame.add_action("Take over masks of these images from another folder …", frame.update)
    late = frame.add_action("Open another folder of images beside this one …", frame.update)
    late.hide()
    area = scrolling(frame, sideways=True)
    qtbot.addWidget(area)
    area.resize(640, 400)
    area.show()
    qtbot.waitExposed(area)
    late.show()
    qtbot.waitUntil(lambda: late.y() > first.y())
    assert frame.width() <= area.viewport().width()
