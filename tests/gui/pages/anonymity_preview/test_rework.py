"""Letting images begin again from the page, and what is said about it."""

import json

import numpy as np
import pytest
from PySide6.QtCore import QItemSelectionModel
from PySide6.QtWidgets import QDialog

from meddistill_gui.core.events import Finished, Started
from meddistill_gui.core.words import Verdict
from meddistill_gui.gui.pages.anonymity_preview import review_row
from meddistill_gui.gui.pages.anonymity_preview.page import AnonymityPreviewPage
from meddistill_gui.gui.pages.anonymity_preview.real_pictures import RealPictures


@pytest.fixture(autouse=True)
def real(monkeypatch):
    def read(_self, image, path, _images):
        ramp = np.tile(np.arange(8, dtype=np.uint8) * 10, (8, 1))
        return path, ramp if image == 11 else np.full((8, 8), image, np.uint8)

    monkeypatch.setattr(RealPictures, "_picture", read)


@pytest.fixture
def page(session, start_fake, qtbot):
    made = AnonymityPreviewPage(session, start_fake)
    qtbot.addWidget(made)
    made.resize(1100, 760)
    made.show()
    yield made
    made._pictures.close()


@pytest.fixture
def signed(monkeypatch):
    """The dialog is filled in and confirmed; what it said is kept."""
    shown = []

    def fill(dialog):
        shown.append(dialog)
        dialog.reviewer.setText("Dr Ito")
        dialog.reason.setPlainText("Too like patient 11.")
        return QDialog.DialogCode.Accepted

    monkeypatch.setattr(review_row.ReviewDialog, "exec", fill)
    return shown


def changed(run, **values):
    """The report with other findings of its first image."""
    path = run.audit / "detailed.json"
    report = json.loads(path.read_text())
    report["images"][0] |= values
    path.write_text(json.dumps(report))


@pytest.mark.usefixtures("signed")
def test_chosen_images_begin_again_as_a_run_that_is_shown_next(
    page, session, hospital, start_fake, qtbot
):
    run = hospital.finished(hospital.run())
    hospital.audited(run, Verdict.LEAK_FOUND, flagged=3)
    other = hospital.finished(hospital.run(name="second"))
    session.open_project(hospital.project.root)
    session.choose_run(run.root)
    start_fake.scripts["rework"] = [
        Started(operation="rework"),
        Finished(
            summary={"action": "restart", "run": str(other.root), "text": "Image 4 began again."}
        ),
    ]
    page._findings.selectionModel().select(
        page._findings.model().index(1, 0),
        QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows,
    )
    chosen = [str(one.index + 1) for one in page._findings.selected()]
    assert len(chosen) == 2
    assert not page._image.review.accept.isEnabled()
    with qtbot.waitSignal(page._work.finished):
        page._image.review.restart.click()
    name, config = start_fake.asked[-1]
    assert name == "rework"
    assert (config.run, config.images, config.action) == (run.root, tuple(chosen), "restart")
    assert (config.reviewer, config.reason) == ("Dr Ito", "Too like patient 11.")
    assert session.run == other
    assert page._stack.currentWidget() is page._no_audit
    assert "began again" in page._frame.notice.text()


def test_a_traceable_image_cannot_be_accepted(page, session, hospital):
    run = hospital.finished(hospital.run())
    hospital.audited(run, Verdict.LEAK_FOUND, flagged=0)
    changed(run, confirmed=True)
    session.open_project(hospital.project.root)
    assert page._findings.item(0, 3).text() == "Traceable"
    assert not page._image.review.accept.isEnabled()
    assert "cannot be accepted" in page._image.review.accept.toolTip()
    assert page._image.review.drop.isEnabled()


def test_a_decision_stands_in_the_list(page, session, hospital, signed):
    run = hospital.finished(hospital.run())
    hospital.audited(run, Verdict.CANNOT_TELL, flagged=3)
    session.open_project(hospital.project.root)
    page._image.review.accept.click()
    assert page._findings.item(0, 3).text() == "No patient"
    assert signed


def test_the_real_image_is_laid_over_as_the_search_did(page, session, hospital, qtbot):
    run = hospital.finished(hospital.run())
    hospital.audited(run, Verdict.LEAK_FOUND, flagged=0)
    view = {"mirrored": True, "scale": 1.0, "shift": [0, 0], "degrees": 0.0, "inverted": True}
    changed(run, found_b={"id": 11, "patient": 11, "similarity": 0.9, "way": "negative, mirrored", "view": view}, p_b=0.01)  # fmt: skip
    session.open_project(hospital.project.root)
    comparison = page._image.comparison
    qtbot.waitUntil(lambda: len(comparison.pictures()) == 2)
    name, pixels = comparison.pictures()[1]
    assert name == "Real, training patient 11: negative, mirrored"
    assert pixels[0].tolist() == [255 - 10 * place for place in reversed(range(8))]
    page._image.aligned.click()
    name, pixels = comparison.pictures()[1]
    assert name == "Real, training patient 11"
    assert pixels[0].tolist() == [10 * place for place in range(8)]


def test_only_what_was_changed_can_be_laid_over(page, session, hospital):
    hospital.audited(hospital.finished(hospital.run()))
    session.open_project(hospital.project.root)
    page._image.neighbours.choose(1)
    assert not page._image.aligned.isEnabled()
    assert "score B" in page._image.aligned.toolTip()


@pytest.mark.usefixtures("signed")
def test_an_edited_log_is_said_and_nothing_is_taken_from_it(page, session, hospital):
    run = hospital.finished(hospital.run())
    hospital.audited(run, Verdict.CANNOT_TELL, flagged=3)
    session.open_project(hospital.project.root)
    page._image.review.accept.click()
    run.reviews.write_text(run.reviews.read_text().replace("Too like", "Not like"))
    page.refresh()
    assert page._findings.item(0, 3).text() == "To review"
    assert "log of reviews was changed" in page._frame.notice.text()
    page._image.review.leak.click()
    assert "Not like" in run.reviews.read_text(), "nothing was added to a log that does not hold"
    assert len(run.reviews.read_text().splitlines()) == 1
