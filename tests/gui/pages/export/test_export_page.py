import hashlib
import threading

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from meddistill_gui.audit.review_log import Review, add_review
from meddistill_gui.core import origin
from meddistill_gui.core.errors import TargetError
from meddistill_gui.core.events import Finished, Progress, Started
from meddistill_gui.core.words import FORBIDDEN, LIMITS, Verdict
from meddistill_gui.gui.pages.export.page import ExportPage


@pytest.fixture
def page(session, start_fake, qtbot):
    made = ExportPage(session, start_fake)
    qtbot.addWidget(made)
    made.resize(1100, 760)
    made.show()
    yield made
    made._reading.close()


@pytest.fixture
def ready(page, session, hospital):
    """A page that shows a run with an audit that found nothing."""
    hospital.audited(hospital.finished(hospital.run()))
    session.open_project(hospital.project.root)
    return page


def test_nothing_to_export_says_where_to_go(page, qtbot):
    assert page._stack.currentWidget() is page._empty
    assert not page._frame.primary.isVisible()
    with qtbot.waitSignal(page.go_to) as heard:
        page._empty.action.click()
    assert heard.args == ["live_view"]


def test_every_file_stands_there_with_its_size(page, session, hospital, qtbot):
    hospital.finished(hospital.run())
    session.open_project(hospital.project.root)
    table = page._contents.table
    qtbot.waitUntil(lambda: table.rowCount() > 0)
    names = [table.item(row, 0).text() for row in range(table.rowCount())]
    assert sum(name.endswith(".png") for name in names) == 6
    assert "data/distilled.safetensors" in names


def test_exports_where_and_what_the_page_says(ready, hospital, start_fake, qtbot, tmp_path):
    stick = tmp_path / "stick"
    stick.mkdir()
    ready._target.choose(stick)
    ready._form.field("title").show_value("Three findings")
    bundle = stick / "run-1.distilled.zip"
    start_fake.scripts["export"] = [
        Started(operation="export"),
        Progress(phase="reading back", done=10, total=10, unit="bytes"),
        Finished(summary={"bundle": str(bundle), "bytes": 12_345, "sha256": "ab" * 32}),
    ]
    with qtbot.waitSignal(ready._work.finished):
        qtbot.mouseClick(ready._frame.primary, Qt.MouseButton.LeftButton)
    [(name, config)] = start_fake.asked
    assert name == "export"
    assert (config.run, config.to) == (hospital.runs["run-1"].root, stick)
    assert config.title == "Three findings"
    assert "read back" in ready._frame.notice.text()
    assert ready._result.isVisible()
    assert ready._result.checksum() == "ab" * 32
    assert str(bundle) in ready._result.accessibleName()


def test_a_leak_is_not_packed_and_the_way_to_it_is_shown(
    page, session, hospital, start_fake, qtbot
):
    hospital.audited(hospital.finished(hospital.run()), Verdict.LEAK_FOUND, flagged=2)
    session.open_project(hospital.project.root)
    assert not page._frame.primary.isEnabled()
    assert page._frame.notice.text() == "", "one frame says it, not two"
    assert "This set is not packed." in page._banner.accessibleName()
    assert page._banner.word.text() == "LEAK FOUND"
    qtbot.mouseClick(page._frame.primary, Qt.MouseButton.LeftButton)
    assert start_fake.asked == []
    with qtbot.waitSignal(page.go_to) as heard:
        page._banner.action.click()
    assert heard.args == ["anonymity_preview"]


@pytest.mark.parametrize("audited", [True, False])
def test_it_warns_where_nothing_is_known(page, session, hospital, audited):
    run = hospital.finished(hospital.run())
    if audited:
        hospital.audited(run, Verdict.CANNOT_TELL)
    session.open_project(hospital.project.root)
    """Once, not twice: the verdict says it where there is one."""
    assert page._frame.notice.isVisible() is not audited
    assert page._frame.primary.isEnabled()
    assert page._banner.isVisible() is audited
    if audited:
        assert page._banner.word.text() == str(Verdict.CANNOT_TELL)
    else:
        assert page._frame.notice.kind == "warning"


def test_a_pulled_stick_leaves_the_form_as_it_was(ready, start_fake, qtbot):
    ready._form.field("contact").show_value("radiology@example.org")
    start_fake.scripts["export"] = [TargetError("The stick is gone.", "Plug it in again.")]
    with qtbot.waitSignal(ready._work.failed):
        ready.export()
    assert ready._frame.notice.text() == "Error: The stick is gone. Plug it in again."
    assert ready._frame.primary.isEnabled()
    assert ready._form.config().contact == "radiology@example.org"
    assert not ready._result.isVisible()


def test_nothing_can_be_changed_while_it_writes(ready, start_fake, qtbot):
    go_on = threading.Event()
    start_fake.scripts["export"] = [
        lambda _job: go_on.wait(10),
        Finished(summary={"bundle": "x", "bytes": 1, "sha256": "00"}),
    ]
    ready.export()
    assert not ready._frame.primary.isEnabled()
    assert not ready._form.isEnabled()
    with qtbot.waitSignal(ready._work.finished):
        go_on.set()
    assert ready._form.isEnabled()


def test_what_stays_here_claims_nothing(ready):
    said = " ".join(one.text() for one in ready.findChildren(QLabel)).replace(LIMITS, "").lower()
    assert not [word for word in FORBIDDEN if word in said]


def test_a_reworked_set_without_an_audit_is_refused_where_there_is_no_verdict(
    page, session, hospital
):
    run = hospital.finished(hospital.run())
    told = {
        "run": "run-0",
        "content": "0",
        "reviewer": "Dr. A",
        "reason": "It.",
        "time": "t",
        "log": "",
    }
    origin.save(run.origin, origin.Origin(action="drop", images=(1,), **told))
    session.open_project(hospital.project.root)
    assert not page._frame.primary.isEnabled()
    assert "audit this set first" in page._frame.notice.text()
    assert not page._banner.isVisible()


def test_a_flag_waits_for_a_reviewer_then_may_go(page, session, hospital):
    run = hospital.finished(hospital.run())
    hospital.audited(run, Verdict.CANNOT_TELL, flagged=2)
    session.open_project(hospital.project.root)
    assert not page._frame.primary.isEnabled()
    assert "A reviewer must look at synthetic image 3 first." in page._banner.consequence.text()
    content = hashlib.sha256(run.result.read_bytes()).hexdigest()
    add_review(
        run.reviews,
        Review(
            image=2,
            decision="accepted",
            reviewer="Dr. A",
            reason="Texture.",
            time="t",
            content=content,
        ),
    )
    page.refresh()
    assert page._frame.primary.isEnabled()
    assert "Synthetic image 3 was accepted by Dr. A: Texture." in page._contents._burden.text()
