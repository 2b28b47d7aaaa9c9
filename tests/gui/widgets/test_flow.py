import pytest
from PySide6.QtWidgets import QFrame, QWidget

from meddistill_gui.gui.widgets.flow import Flow


@pytest.fixture
def holder(qtbot):
    made = QWidget()
    qtbot.addWidget(made)
    flow = Flow(10, made)
    for number in range(5):
        box = QFrame()
        box.setFixedSize(100, 30 + 10 * (number == 2))
        flow.addWidget(box)
    made.show()
    return made


def placed(holder, width):
    holder.resize(width, 400)
    holder.layout().activate()
    return [box.geometry() for box in holder.findChildren(QFrame)]


@pytest.mark.parametrize(
    ("width", "columns", "height"),
    [(540, 5, 40), (330, 3, 80), (320, 3, 80), (319, 2, 120), (90, 1, 200)],
)
def test_as_many_stand_beside_each_other_as_fit(holder, width, columns, height):
    boxes = placed(holder, width)
    for number, box in enumerate(boxes):
        assert box.left() == 110 * (number % columns)
    assert holder.layout().heightForWidth(width) == height
    assert not any(a.intersects(b) for n, a in enumerate(boxes) for b in boxes[:n])


def test_it_wants_one_row_and_needs_one_column(holder):
    assert holder.layout().sizeHint().width() == 540
    assert holder.layout().minimumSize().width() == 100


def test_what_is_hidden_takes_no_room(holder):
    holder.findChildren(QFrame)[1].hide()
    boxes = placed(holder, 540)
    assert boxes[2].left() == 110


def test_items_can_be_taken_out(holder):
    flow = holder.layout()
    assert flow.count() == 5
    assert flow.itemAt(9) is None
    assert flow.takeAt(9) is None
    assert flow.takeAt(0).widget() is holder.findChildren(QFrame)[0]
    assert flow.count() == 4
