from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QModelIndex
from PySide6.QtTest import QAbstractItemModelTester

from meddistill_gui.data.catalogue import ImageRow
from meddistill_gui.gui.pages.dataset_browser.grid.model import TILE, GridModel

pytestmark = pytest.mark.usefixtures("qapp")


def row(number):
    return ImageRow(
        id=number,
        path=Path(f"{number}.dcm"),
        frame=0,
        class_name="a",
        patient=None,
        role=None,
        modality="CR",
        width=8,
        height=8,
    )


@pytest.fixture
def asked():
    return []


@pytest.fixture
def model(asked):
    def read(ids):
        asked.append(len(ids))
        return [row(int(one)) for one in ids if one != 13]

    return GridModel(read)


def shown(model):
    cells = [
        model.index(r, c).data(TILE)
        for r in range(model.rowCount())
        for c in range(model.columnCount())
    ]
    return [cell.id for cell in cells if cell is not None]


@pytest.mark.parametrize("count", [0, 1, 2, 7, 300])
@pytest.mark.parametrize("columns", [1, 2, 7, 1000])
def test_every_image_is_in_one_cell_in_order(model, count, columns):
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.show_ids(np.arange(100, 100 + count))
    model.set_columns(columns)
    assert shown(model) == list(range(100, 100 + count))
    for place in range(count):
        assert model.position(model.index_of(place)) == place
    assert model.position(model.index(model.rowCount(), 0)) == -1
    del tester


def test_places_outside_have_no_cell(model):
    model.show_ids(np.arange(5))
    model.set_columns(3)
    assert not model.index_of(5).isValid()
    assert not model.index_of(-1).isValid()
    assert model.position(model.index(1, 2)) == -1
    assert model.flags(model.index(1, 2)).value == 0
    assert model.position(QModelIndex()) == -1


def test_an_image_that_is_gone_leaves_its_cell_empty_and_moves_nobody(model):
    model.show_ids(np.arange(10, 20))
    assert model.row_at(3) is None
    assert model.row_at(4) == row(14)


def test_only_pages_that_are_looked_at_are_read_and_the_oldest_are_forgotten(model, asked):
    model.show_ids(np.arange(100_000))
    model.row_at(50_000)
    model.row_at(50_001)
    assert asked == [128]
    for place in range(0, 100_000, 128):
        model.row_at(place)
    assert len(model._rows._pages) <= 40
