"""Something in areas within areas is found."""

from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from meddistill_gui.gui.widgets.scrolling import bring_into_view, scrolling


def tall(inside: QWidget) -> QWidget:
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.addSpacing(800)
    column.addWidget(inside)
    return holder


def test_every_area_around_it_is_scrolled(qtbot):
    wanted = QLabel("wanted")
    wanted.setFixedHeight(20)
    inner = scrolling(tall(wanted))
    inner.setFixedHeight(300)
    outer = scrolling(tall(inner))
    qtbot.addWidget(outer)
    outer.resize(300, 400)
    outer.show()
    bring_into_view(wanted)
    for area in (inner, outer):
        top = wanted.mapTo(area.viewport(), wanted.rect().topLeft()).y()
        assert 0 <= top <= area.viewport().height() - wanted.height()
