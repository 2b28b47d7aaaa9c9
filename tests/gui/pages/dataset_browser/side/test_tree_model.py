"""The tree against a made-up hospital of 1,200 patients, and Qt's own test of models."""

import numpy as np
import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester

from meddistill_gui.data.tree import UNKNOWN, Branch, Branches
from meddistill_gui.gui.pages.dataset_browser.side.tree_model import TreeModel

pytestmark = pytest.mark.usefixtures("qapp")
PATIENTS = 1_200


class Hospital:
    """Patient p has p % 3 + 1 studies of two series each; remembers what was asked."""

    def __init__(self):
        self.asked = []

    def names(self, patients):
        return {one: f"P{one:04d}" for one in patients if one != UNKNOWN}

    def studies(self, patient):
        self.asked.append(("studies", patient))
        count = 1 if patient is None else patient % 3 + 1
        return [
            Branch(id=10 * (patient or 0) + n, name="", modalities="CR", images=4)
            for n in range(count)
        ]

    def series(self, patient, study):
        self.asked.append(("series", patient, study))
        return [
            Branch(id=100 * study + n, name=f"ap {n}", modalities="CR", images=2) for n in range(2)
        ]


@pytest.fixture
def hospital():
    return Hospital()


@pytest.fixture
def model(hospital):
    made = TreeModel(hospital)
    ids = np.append(np.arange(1, PATIENTS), UNKNOWN)
    made.show_patients(Branches(ids=ids, images=np.full(PATIENTS, 5)))
    return made


def opened(model, index):
    while model.canFetchMore(index):
        model.fetchMore(index)
    return [model.index(row, 0, index) for row in range(model.rowCount(index))]


def test_nothing_is_read_before_it_is_opened(model, hospital):
    assert model.rowCount() == 500
    first = model.index(0, 0)
    assert model.hasChildren(first)
    assert model.rowCount(first) == 0
    assert hospital.asked == []
    assert len(opened(model, QModelIndex())) == PATIENTS
    assert hospital.asked == []
    assert len(opened(model, first)) == 2
    assert hospital.asked == [("studies", 1)]


def test_every_node_knows_the_way_to_it(model):
    patients = opened(model, QModelIndex())
    for row in (0, 7, 600, PATIENTS - 1):
        patient = None if row == PATIENTS - 1 else row + 1
        assert model.branch(patients[row]) == (patient,)
        for s, study in enumerate(opened(model, patients[row])):
            assert model.parent(study) == patients[row]
            here = 10 * (patient or 0) + s
            assert model.branch(study) == (patient, here)
            for n, leaf in enumerate(opened(model, study)):
                assert model.parent(leaf) == study
                assert model.branch(leaf) == (patient, here, 100 * here + n)
                assert not model.hasChildren(leaf)


def test_what_is_said_of_a_node(model):
    patients = opened(model, QModelIndex())
    assert patients[41].data() == "P0042  (5)"
    assert patients[-1].data() == "patient unknown  (5)"
    (study, *_) = opened(model, patients[41])
    assert study.data() == "not named  CR  (4)"
    (leaf, *_) = opened(model, study)
    spoken = leaf.data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "series ap 0, 2 images"


@pytest.mark.slow
def test_it_keeps_qt_s_rules_for_models(model):
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    for patient in opened(model, QModelIndex())[:3]:
        for study in opened(model, patient):
            opened(model, study)
    tester.deleteLater()  # it cannot stand a reset of a model that reads on demand: it reads on while the reset is under way


def test_other_patients_replace_all(model):
    opened(model, opened(model, QModelIndex())[2])
    model.show_patients(Branches(ids=np.array([5]), images=np.array([1])))
    assert model.rowCount() == 1
    assert model.rowCount(model.index(0, 0)) == 0
