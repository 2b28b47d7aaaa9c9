from meddistill_gui.gui.widgets.figure_row import FigureRow


def test_a_figure_says_its_caption_to_a_screen_reader(qtbot):
    row = FigureRow({"speed": "Speed"})
    qtbot.addWidget(row)
    row.show_value("speed", "3 / s")
    assert row.value("speed") == "3 / s"
    assert row._values["speed"].accessibleName() == "Speed: 3 / s"
    row.show_value("speed", "")
    assert row.value("speed") == "–"
