from PySide6.QtWidgets import QLabel

from meddistill_gui.gui.widgets.figure_row import FigureRow


def test_a_figure_says_its_caption_to_a_screen_reader(qtbot):
    row = FigureRow({"speed": "Speed"})
    qtbot.addWidget(row)
    row.show_value("speed", "3 / s")
    assert row.value("speed") == "3 / s"
    assert row._values["speed"].accessibleName() == "Speed: 3 / s"
    row.show_value("speed", "")
    assert row.value("speed") == "–"


def test_captions_stand_in_one_line_whatever_stands_below_them(qtbot, theme):
    theme.set_text_percent(200)
    row = FigureRow({"phase": "Phase", "done": "Done"})
    qtbot.addWidget(row)
    row.resize(330, 300)
    row.show_value("done", "12 iterations after 20 of warming up")
    row.show()
    captions = [one for one in row.findChildren(QLabel) if one.text() in ("Phase", "Done")]
    assert len({one.y() for one in captions}) == 1
    assert max(one.height() for one in captions) < 2 * row.fontMetrics().height()
