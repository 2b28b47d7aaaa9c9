import json

import numpy as np
import pytest
from PySide6.QtCore import Qt

from meddistill_gui.core.errors import MedDistillError, SourceError, Stopped
from meddistill_gui.core.events import Finished, Progress, Started
from meddistill_gui.core.words import LIMITS, Verdict
from meddistill_gui.gui.pages.anonymity_preview.comparison_view import Way
from meddistill_gui.gui.pages.anonymity_preview.page import AnonymityPreviewPage
from meddistill_gui.gui.pages.anonymity_preview.real_pictures import RealPictures


@pytest.fixture(autouse=True)
def real(monkeypatch):
    """Real image number i is filled with i; number 12 cannot be read."""

    def read(_self, image, path, _images):
        if image == 12:
            raise SourceError("It is gone.", "Reconnect the share.")
        return path, np.full((8, 8), image, np.uint8)

    monkeypatch.setattr(RealPictures, "_picture", read)


@pytest.fixture
def page(session, start_fake, qtbot):
    made = AnonymityPreviewPage(session, start_fake)
    qtbot.addWidget(made)
    made.resize(1100, 760)
    made.show()
    yield made
    made._pictures.close()


def test_without_a_result_it_says_where_to_go(page, qtbot):
    assert page._stack.currentWidget() is page._no_result
    with qtbot.waitSignal(page.go_to) as heard:
        page._no_result.action.click()
    assert heard.args == ["live_view"]


def test_without_an_audit_it_offers_one_and_shows_what_it_found(
    page, session, hospital, start_fake, qtbot
):
    run = hospital.finished(hospital.run())
    session.open_project(hospital.project.root)
    assert page._stack.currentWidget() is page._no_audit
    start_fake.scripts["audit"] = [
        Started(operation="audit"),
        Progress(phase="searching for copies", done=1, total=2),
        lambda _job: hospital.audited(run),
        Finished(summary={"verdict": str(Verdict.NO_LEAK_FOUND)}),
    ]
    with qtbot.waitSignal(page._work.finished):
        qtbot.mouseClick(page._no_audit.action, Qt.MouseButton.LeftButton)
    assert start_fake.asked[0][0] == "audit"
    assert start_fake.asked[0][1].run == run.root
    assert page._stack.currentWidget() is page._body
    assert page._banner.word.text() == "NO LEAK FOUND BY THESE TESTS"
    assert page._banner.limits.text() == LIMITS


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_verdict_is_told_by_word_and_sign(page, session, hospital, verdict):
    hospital.audited(hospital.finished(hospital.run()), verdict, flagged=3)
    session.open_project(hospital.project.root)
    assert page._banner.word.text() == str(verdict)
    assert page._banner._icon._name == {"LEAK FOUND": "error", "CANNOT TELL": "warning"}.get(
        str(verdict), "search"
    )
    assert str(verdict) in page._banner.accessibleName()


def test_the_flagged_image_stands_first_beside_its_nearest_patient(page, session, hospital, qtbot):
    hospital.audited(hospital.finished(hospital.run()), Verdict.LEAK_FOUND, flagged=3)
    session.open_project(hospital.project.root)
    assert page._findings.item(0, 0).text() == "4"
    assert page._findings.item(0, 3).text() == "Traceable"
    comparison = page._image.comparison
    qtbot.waitUntil(lambda: len(comparison.pictures()) == 2)
    (_, synthetic), (name, real) = comparison.pictures()
    assert synthetic[4, 4] == 30
    assert real[4, 4] == 11
    assert name == "Real, training patient 11"
    page._image.neighbours.choose(1)
    qtbot.waitUntil(lambda: comparison.pictures()[1][0] == "Real, training patient 10")
    assert page._image.histogram.accessibleDescription() == (
        "score: 0 of 4 hold-out scores are as high or higher."
    )


def test_flicker_and_difference(page, session, hospital, qtbot):
    hospital.audited(hospital.finished(hospital.run()), Verdict.LEAK_FOUND, flagged=3)
    session.open_project(hospital.project.root)
    comparison = page._image.comparison
    qtbot.waitUntil(lambda: len(comparison.pictures()) == 2)
    page._image.ways[Way.FLICKER].click()
    assert [caption for caption, _ in comparison.pictures()] == ["Synthetic"]
    qtbot.keyClick(comparison, Qt.Key.Key_Space)
    assert [caption for caption, _ in comparison.pictures()] == ["Real, training patient 11"]
    page._image.ways[Way.DIFFERENCE].click()
    [(_, pixels)] = comparison.pictures()
    assert pixels[4, 4] == 128 + (30 - 11) // 2
    picture = comparison.grab().toImage()
    assert picture.pixelColor(comparison.rect().center()).red() in (
        137,
        picture.pixelColor(5, 5).red(),
    )


def test_a_real_image_that_cannot_be_read_says_why(page, session, hospital, qtbot):
    hospital.audited(hospital.finished(hospital.run()))
    session.open_project(hospital.project.root)
    page._image.neighbours.choose(3)
    qtbot.waitUntil(lambda: "It is gone" in page._image.comparison.accessibleDescription())


def test_hold_out_neighbours_are_named_so(page, session, hospital, qtbot):
    hospital.audited(hospital.finished(hospital.run()))
    session.open_project(hospital.project.root)
    page._image.neighbours.choose(4)
    qtbot.waitUntil(lambda: len(page._image.comparison.pictures()) == 2)
    assert page._image.comparison.pictures()[1][0] == "Real, hold-out patient 20"


def test_the_membership_test_can_be_asked_for_before_any_audit(
    page, session, hospital, start_fake, qtbot
):
    run = hospital.finished(hospital.run())
    session.open_project(hospital.project.root)
    start_fake.scripts["audit"] = [lambda _job: hospital.audited(run), Finished(summary={})]
    with qtbot.waitSignal(page._work.finished):
        qtbot.mouseClick(page._membership, Qt.MouseButton.LeftButton)
    assert start_fake.asked[0][1].membership
    assert not page._membership.isHidden()


def test_planted_copies_and_preconditions_are_listed(page, session, hospital):
    hospital.audited(hospital.finished(hospital.run()))
    session.open_project(hospital.project.root)
    texts = [page._planted.item(0, c).text() for c in range(4)]
    assert texts == ["exact", "59 of 59", "58 of 59", "5.0%"]
    assert [page._checks.item(0, c).text() for c in range(2)] == ["patients", "Holds"]


@pytest.mark.parametrize(
    ("error", "kind"),
    [(SourceError("Gone.", "Reconnect."), "error"), (Stopped("Stopped.", "Kept."), "info")],
)
def test_a_failed_audit_leaves_the_way_open(
    page, session, hospital, start_fake, qtbot, error: MedDistillError, kind
):
    hospital.finished(hospital.run())
    session.open_project(hospital.project.root)
    start_fake.scripts["audit"] = [error]
    with qtbot.waitSignal(page._work.failed):
        page.audit()
    assert page._frame.notice.kind == kind
    assert error.remedy in page._frame.notice.text()
    assert page._no_audit.action.isEnabled()


def test_a_damaged_report_is_said_and_can_be_made_anew(page, session, hospital):
    run = hospital.finished(hospital.run())
    (run.audit / "detailed.json").write_text(json.dumps({"verdict": "?"}))
    session.open_project(hospital.project.root)
    assert "Run the audit again." in page._frame.notice.text()
    assert page._stack.currentWidget() is page._no_audit


def test_context_stands_beside_the_verdict_as_no_verdict(page, session, hospital):
    hospital.audited(hospital.finished(hospital.run()))
    session.open_project(hospital.project.root)
    assert page._context.text() == (
        "Closeness index: 0.52 (0.43-0.61), p = 0.31: no overall pull.\n\nStarting patients: Not applicable."
    )


def test_it_says_whom_a_score_names_and_when_distances_say_nothing(page, session, hospital):
    run = hospital.finished(hospital.run())
    hospital.audited(run)
    path = run.audit / "detailed.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"off_manifold": True}))
    session.open_project(hospital.project.root)
    told = page._image._told
    assert told.text().startswith("Training patient 11: named by score ")
    assert "(turned by -5 degrees)" in told.text()
    assert "The distance says nothing" not in told.text()
    page._image.neighbours.choose(1)
    assert "grey levels apart per pixel" in told.text()
    assert "The distance says nothing" in told.text()


def test_a_report_of_an_earlier_version_can_be_read(page, session, hospital):
    run = hospital.finished(hospital.run())
    hospital.audited(run)
    path = run.audit / "detailed.json"
    report = json.loads(path.read_text())
    for name in ("closeness", "recovery", "off_manifold"):
        del report[name]
    path.write_text(json.dumps(report))
    session.open_project(hospital.project.root)
    assert page.report.context == ()
    assert not page._tabs.isTabVisible(3)
