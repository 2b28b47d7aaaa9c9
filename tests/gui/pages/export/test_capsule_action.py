"""The trained network of a run as a small file: offered where there is one, written by the real operation, refused in words."""

import json

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices

from benchmarks.bundle_sample import prescribed_set
from meddistill_gui.bundle import capsule as capsules
from meddistill_gui.bundle import export_log
from meddistill_gui.core import distilled
from meddistill_gui.core.errors import BundleError
from meddistill_gui.core.words import FORBIDDEN, Verdict
from meddistill_gui.gui.pages.export.capsule_dialog import CapsuleDialog
from meddistill_gui.gui.pages.export.capsule_plan import may_be_capsule, planned_capsule
from meddistill_gui.gui.pages.export.page import ExportPage
from tests.gui.pages.prescribed import ORDER, PATIENCE_MS, WAYS, soft_label_run


@pytest.fixture
def make_page(session, hospital, qtbot):
    made = []

    def open_page(start) -> ExportPage:
        session.open_project(hospital.project.root)
        page = ExportPage(session, start)
        made.append(page)
        qtbot.addWidget(page)
        page.resize(1100, 760)
        page.show()
        return page

    yield open_page
    for page in made:
        page._reading.close()
        page.capsule._work.close()


def answering(monkeypatch, change=lambda dialog: None, *, agreed=True):
    """Fills the dialog in as a user would."""

    def fill(dialog):
        change(dialog)
        return CapsuleDialog.DialogCode.Accepted if agreed else CapsuleDialog.DialogCode.Rejected

    monkeypatch.setattr(CapsuleDialog, "exec", fill)


def written(page, qtbot) -> None:
    with qtbot.waitSignal(page.capsule.changed):  # begun
        qtbot.mouseClick(page.capsule.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not page.capsule.running, timeout=PATIENCE_MS)


@pytest.mark.slow
@pytest.mark.parametrize("start", WAYS)
def test_the_real_operation_writes_a_capsule_that_can_be_opened(
    start, make_page, hospital, tmp_path, qtbot, monkeypatch
):
    soft_label_run(hospital)
    page = make_page(start)
    stick = tmp_path / "stick"
    stick.mkdir()

    def change(dialog):
        dialog.target.choose(stick)
        dialog.form.field("delta").show_value(0.55)
        dialog.form.field("name").show_value("mine")

    answering(monkeypatch, change)
    page._result.show_result(stick / "earlier.distilled.zip", 1, "0" * 64)
    with qtbot.waitSignal(page.capsule.changed):
        qtbot.mouseClick(page.capsule.button, Qt.MouseButton.LeftButton)
    assert not page._result.isVisible(), "what was written before is not what is written now"
    assert not page._frame.primary.isEnabled()
    qtbot.waitUntil(lambda: not page.capsule.running, timeout=PATIENCE_MS)
    path = stick / "mine.capsule"
    found, size = capsules.read(path)
    assert found.delta == 0.55
    assert page.written == path
    assert "every byte was read back" in page._frame.notice.text()
    said = page._result.accessibleName()
    assert f"{size / 1024:,.2f} KB ({size:,} bytes)" in said
    assert f"{size / (4 * found.parameters):.2%} of the network's" in said
    assert f"ConvNet with {found.parameters:,} parameters, from 2 images in 6 steps" in said
    assert "of the synthetic images" in said
    (entry,) = export_log.read(hospital.project.exports)
    assert (entry.path, entry.size, entry.sha256) == (str(path), size, page._result.checksum())
    assert page._contents.earlier.rowCount() == 1
    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    page._result.folder_wanted.emit()
    assert opened == [str(stick)]


@pytest.mark.slow
def test_a_file_that_is_there_is_not_replaced(make_page, hospital, tmp_path, qtbot, monkeypatch):
    run = soft_label_run(hospital)
    page = make_page(WAYS[0])
    page.choose_target(tmp_path)
    (tmp_path / f"{run.name}.capsule").write_text("something else")
    answering(monkeypatch)
    written(page, qtbot)
    assert "is there already, with other content" in page._frame.notice.text()
    assert (tmp_path / f"{run.name}.capsule").read_text() == "something else"
    assert not page._result.isVisible()
    assert page.capsule.button.isEnabled()


@pytest.mark.slow
def test_the_size_that_is_told_before_is_the_size_of_the_file(
    make_page, hospital, tmp_path, qtbot, monkeypatch
):
    plan = planned_capsule(soft_label_run(hospital))
    page = make_page(WAYS[0])
    page.choose_target(tmp_path)
    answering(monkeypatch)
    written(page, qtbot)
    assert abs(plan.size - page.written.stat().st_size) < 16, "but for the digits of one number"


def test_a_run_of_another_method_has_no_such_button(make_page, hospital, start_fake):
    hospital.finished(hospital.run())
    assert not make_page(start_fake).capsule.button.isVisible()


def test_the_button_is_reached_by_keys_and_says_what_it_is_for(
    make_page, hospital, start_fake, qtbot, monkeypatch
):
    soft_label_run(hospital)
    page = make_page(start_fake)
    button = page.capsule.button
    assert button.isVisible()
    assert button.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert "e-mail" in button.toolTip()
    start_fake.scripts["capsule-export"] = [BundleError("No.", "Do this.")]
    answering(monkeypatch)
    with qtbot.waitSignal(page.capsule._work.failed):
        qtbot.keyClick(button, Qt.Key.Key_Space)
    [(name, config)] = start_fake.asked
    assert (name, config.delta, config.statistics) == ("capsule-export", 0.4, "synthetic")
    assert page._frame.notice.text() == "Error: No. Do this."


def test_whoever_thinks_better_of_it_changes_nothing(make_page, hospital, start_fake, monkeypatch):
    soft_label_run(hospital)
    page = make_page(start_fake)
    answering(monkeypatch, agreed=False)
    page.capsule.open()
    assert start_fake.asked == []
    assert page.capsule.button.isEnabled()


def test_a_leak_keeps_the_network_in_the_house(make_page, hospital, start_fake, qtbot):
    run = soft_label_run(hospital)
    hospital.audited(run, Verdict.LEAK_FOUND, flagged=0)
    page = make_page(start_fake)
    assert not page.capsule.button.isEnabled()
    qtbot.mouseClick(page.capsule.button, Qt.MouseButton.LeftButton)
    assert start_fake.asked == []


def test_a_set_without_a_fixed_start_is_refused_with_its_sentence(make_page, hospital, start_fake):
    run = soft_label_run(hospital)
    hospital.finished(run)  # another set, which prescribes nothing
    page = make_page(start_fake)
    page.capsule.open()
    assert "prescribes no start" in page._frame.notice.text()
    assert start_fake.asked == []


@pytest.mark.parametrize("norm", ["own", "none"])
def test_batch_statistics_are_asked_for_only_where_the_network_has_some(hospital, qtbot, norm):
    run = soft_label_run(hospital)
    made = prescribed_set(order=ORDER, network="resnet18", size=32, norm=norm)
    distilled.save(run.result, made)
    dialog = CapsuleDialog(run, planned_capsule(run), None)
    qtbot.addWidget(dialog)
    dialog.show()
    if norm == "none":
        with pytest.raises(KeyError):
            dialog.form.field("statistics")
        return
    assert not dialog.consequence.isVisible()
    dialog.form.field("statistics").show_value("patients")
    said = dialog.consequence.text()
    assert "your patients then travel" in said
    assert "1,000" in said
    assert not [word for word in FORBIDDEN if word in said.lower()]
    assert dialog.config().statistics == "patients"
    dialog.form.field("statistics").show_value("synthetic")
    assert not dialog.consequence.isVisible()


@pytest.mark.parametrize("percent", [100, 200])
def test_the_questions_fit_into_a_small_screen_and_what_follows_is_seen(
    hospital, qtbot, theme, percent
):
    theme.set_text_percent(percent)
    run = soft_label_run(hospital)
    distilled.save(run.result, prescribed_set(order=ORDER, network="resnet18", size=32))
    dialog = CapsuleDialog(run, planned_capsule(run), None)
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.height() <= 760
    dialog.form.field("statistics").show_value("patients")
    view = dialog.area.viewport()

    def in_view():
        top = dialog.consequence.mapTo(view, dialog.consequence.rect().topLeft()).y()
        assert 0 <= top < view.height() - dialog.fontMetrics().height()

    qtbot.waitUntil(in_view)
    assert dialog.area.horizontalScrollBar().maximum() == 0


def test_the_threshold_is_the_one_that_was_voted_with(hospital):
    run = soft_label_run(hospital)
    assert planned_capsule(run).delta == 0.4
    run.votes.write_text(json.dumps({"delta": 0.65}))
    assert planned_capsule(run).delta == 0.65
    for damage in ("{", "[]", '{"delta": "x"}', '{"delta": 7}'):
        run.votes.write_text(damage)
        assert planned_capsule(run).delta == 0.4


def test_a_damaged_run_is_not_offered(hospital):
    run = soft_label_run(hospital)
    assert may_be_capsule(run)
    run.config.write_text("no toml [")
    assert not may_be_capsule(run)
