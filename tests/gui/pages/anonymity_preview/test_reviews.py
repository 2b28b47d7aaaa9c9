import json

import pytest
from PySide6.QtWidgets import QDialog, QDialogButtonBox

from meddistill_gui.audit.review_log import read_reviews
from meddistill_gui.core import distilled
from meddistill_gui.core.errors import ProjectError
from meddistill_gui.core.words import Verdict
from meddistill_gui.gui.pages.anonymity_preview.page import AnonymityPreviewPage
from meddistill_gui.gui.pages.anonymity_preview.review_row import ReviewDialog
from meddistill_gui.gui.pages.anonymity_preview.reviews import decisions
from meddistill_gui.operations.review import decide


@pytest.fixture
def run(hospital):
    made = hospital.finished(hospital.run())
    hospital.audited(made, Verdict.CANNOT_TELL, flagged=3)
    return made


def test_a_decision_holds_for_these_images_only(run, synthetic):
    decide(run, 3, "accepted", "Dr. A", "A texture.")
    assert decisions(run)[3].reviewer == "Dr. A"
    distilled.save(
        run.result, distilled.DistilledSet(**vars(synthetic) | {"images": synthetic.images * 0.5})
    )
    assert decisions(run) == {}


def test_a_changed_log_is_said(run):
    decide(run, 3, "accepted", "Dr. A", "A texture.")
    decide(run, 4, "accepted", "Dr. A", "Another.")
    run.reviews.write_text(run.reviews.read_text().replace("A texture.", "A shadow."))
    with pytest.raises(ProjectError, match="log of reviews"):
        decisions(run)


def test_the_page_writes_who_decided_what_and_why(
    run, session, hospital, start_fake, qtbot, monkeypatch
):
    page = AnonymityPreviewPage(session, start_fake)
    qtbot.addWidget(page)
    session.open_project(hospital.project.root)

    def fill(dialog):
        dialog.reviewer.setText("Dr. B")
        dialog.reason.setPlainText("It is an artefact.")
        return QDialog.DialogCode.Accepted

    monkeypatch.setattr(ReviewDialog, "exec", fill)
    assert "Nobody" in page._image.review.text()
    page._image.review.accept.click()
    [review] = read_reviews(run.reviews)
    assert (review.image, review.decision, review.reviewer) == (3, "accepted", "Dr. B")
    assert "It is an artefact." in page._image.review.text()
    page._pictures.close()


def test_decisions_need_no_scrolling_in_the_smallest_usual_window(
    session, hospital, run, start_fake, qtbot
):
    path = run.audit / "detailed.json"
    reason = "One hold-out image looks the same as a training image, and was left out of the comparison. "
    report = json.loads(path.read_text()) | {"reasons": [4 * reason]}
    for image in report["images"]:  # as an audit of now writes it, with three scores
        image |= {"p_a": 0.1, "p_b": 0.3, "p_d": 0.6, "score_d": 0.4, "nobody_d": [0.1, 0.3, 0.5]}
    path.write_text(json.dumps(report))
    page = AnonymityPreviewPage(session, start_fake)
    qtbot.addWidget(page)
    rail = 240
    page.resize(1280 - rail, 800)
    page.show()
    session.open_project(hospital.project.root)
    review = page._image.review
    view = page._body.viewport()

    def in_view():
        for made in (review.accept, review.leak, review.restart, review.drop):
            assert made.mapTo(view, made.rect().bottomLeft()).y() <= view.height()

    qtbot.waitUntil(in_view)
    page._pictures.close()


def test_name_and_reason_must_be_said(qtbot):
    dialog = ReviewDialog("Title", "")
    qtbot.addWidget(dialog)
    ok = dialog.buttons.button(QDialogButtonBox.StandardButton.Ok)
    assert not ok.isEnabled()
    dialog.reviewer.setText("Dr. B")
    dialog.reason.setPlainText("  ")
    assert not ok.isEnabled()
    dialog.reason.setPlainText("Because.")
    assert ok.isEnabled()
