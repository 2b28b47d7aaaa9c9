import json
import threading
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt, QThread
from PySide6.QtWidgets import QDialog

from meddistill_gui.core.config import options_of
from meddistill_gui.core.errors import TargetError
from meddistill_gui.core.events import Finished, Metric, Progress, Started, Warned
from meddistill_gui.core.project import held
from meddistill_gui.core.run_folder import asked
from meddistill_gui.gui.forms.operation_dialog import OperationDialog
from meddistill_gui.gui.pages.live_view.page import LiveViewPage
from meddistill_gui.gui.pages.live_view.run_record import RunState
from meddistill_gui.gui.pages.live_view.run_words import speed_in_words


@pytest.fixture
def page(session, start_fake, qtbot):
    made = LiveViewPage(session, start_fake)
    qtbot.addWidget(made)
    made.resize(1000, 700)
    made.show()
    return made


def until_state(qtbot, page, state):
    qtbot.waitUntil(lambda: page.state is state, timeout=10_000)


def test_empty_state_says_what_to_do(page, qtbot):
    assert page._stack.currentWidget() is page._empty
    with qtbot.waitSignal(page.go_to) as heard:
        qtbot.mouseClick(page._empty.action, Qt.MouseButton.LeftButton)
    assert heard.args == ["distillation_wizard"]


def test_a_finished_run_shows_images_curves_best_iteration_and_next_steps(
    page, session, hospital, qtbot
):
    hospital.finished(hospital.run())
    session.open_project(hospital.project.root)
    until_state(qtbot, page, RunState.FINISHED)
    assert "iteration 20" in page._frame.notice.text()
    assert "0.710" in page._frame.notice.text()
    assert page._parts.figures.value("best") == "0.710 at 20"
    assert page._parts.curves.matching.series["loss"].last() == (39.0, 0.5)
    assert [b.isVisible() for b in (page._evaluate, page._audit, page._export)] == [True] * 3
    assert not page._frame.primary.isVisible()
    mosaic = page._parts.frames.mosaic
    picture = mosaic.grab().toImage()
    for index in range(6):
        place = mosaic.tile_rect(index).center().toPoint()
        assert picture.pixelColor(place).red() == 10 * index


def test_pause_and_stop_reach_a_run_that_runs_anywhere(page, session, hospital, qtbot):
    run = hospital.run()
    hospital.log(run, Started(operation="distill"), Progress(phase="matching", done=3, total=9))
    session.open_project(hospital.project.root)
    with held(run.root, "run"):
        until_state(qtbot, page, RunState.RUNNING)
        qtbot.mouseClick(page._pause, Qt.MouseButton.LeftButton)
        assert asked(run) == "pause"
        until_state(qtbot, page, RunState.PAUSED)
        assert page._pause.text() == "Go on"
        qtbot.mouseClick(page._pause, Qt.MouseButton.LeftButton)
        assert asked(run) == ""
        until_state(qtbot, page, RunState.RUNNING)
        qtbot.mouseClick(page._stop, Qt.MouseButton.LeftButton)
        assert asked(run) == "stop"


def test_a_crashed_run_is_resumed_with_its_own_config(page, session, hospital, start_fake, qtbot):
    run = hospital.run("night")
    hospital.log(run, Started(operation="distill"), Metric(name="loss", step=1, value=1.0))
    session.open_project(hospital.project.root)
    until_state(qtbot, page, RunState.INTERRUPTED)
    assert "checkpoint" in page._frame.notice.text()
    start_fake.scripts["distill"] = [Started(operation="distill"), Finished()]
    with qtbot.waitSignal(session.work.finished):
        qtbot.mouseClick(page._frame.primary, Qt.MouseButton.LeftButton)
    [(name, config)] = start_fake.asked
    assert (name, config.name, config.images_per_class) == ("distill", "night", 2)


def test_a_failure_names_its_remedy(page, session, hospital, qtbot):
    run = hospital.run()
    hospital.log(
        run,
        Started(operation="distill"),
        Warned(code="failed", message="The disk is full.", remedy="Free some space."),
    )
    session.open_project(hospital.project.root)
    until_state(qtbot, page, RunState.FAILED)
    assert page._frame.notice.text() == "Error: The disk is full. Free some space."
    assert page._frame.primary.isVisible()


def test_only_one_run_at_a_time_in_this_window(page, session, hospital, start_fake, qtbot):
    hospital.log(hospital.run(), Started(operation="distill"))
    session.open_project(hospital.project.root)
    until_state(qtbot, page, RunState.INTERRUPTED)
    go_on = threading.Event()
    start_fake.scripts["distill"] = [lambda _job: go_on.wait(10), Finished()]
    session.work.start("distill", None)
    page.resume()
    assert "Another run" in page._frame.notice.text()
    with qtbot.waitSignal(session.work.finished):
        go_on.set()


def test_the_chooser_changes_the_run(page, session, hospital, qtbot):
    hospital.log(hospital.run("first"), Started(operation="distill"))
    hospital.finished(hospital.run("second"))
    session.open_project(hospital.project.root)
    page._parts.chooser.setCurrentText("first")
    until_state(qtbot, page, RunState.INTERRUPTED)
    page._parts.chooser.setCurrentText("second")
    until_state(qtbot, page, RunState.FINISHED)
    assert session.run.name == "second"


def test_evaluate_runs_the_operation_and_shows_the_table(
    page, session, hospital, start_fake, qtbot, evaluation
):
    run = hospital.finished(hospital.run())
    session.open_project(hospital.project.root)
    until_state(qtbot, page, RunState.FINISHED)
    start_fake.scripts["evaluate"] = [
        lambda _job: run.evaluation.write_text(json.dumps(evaluation)) and None,
        Finished(summary={"text": "Tested."}),
    ]
    with qtbot.waitSignal(page._testing.finished):
        qtbot.mouseClick(page._evaluate, Qt.MouseButton.LeftButton)
    assert start_fake.asked[0][1].run == run.root
    assert page._parts.curves.test.isVisible()
    assert page._parts.curves.test.compared.item(0, 1).text() == "0.683\n0.643 to 0.723"


def test_rows_can_be_chosen_before_it_is_tested(
    page, session, hospital, start_fake, qtbot, monkeypatch
):
    run = hospital.finished(hospital.run())
    session.open_project(hospital.project.root)
    until_state(qtbot, page, RunState.FINISHED)
    offered = []

    def accepted(dialog):
        offered.append({one.path for one in options_of(dialog.config())})
        dialog.form.show_config(replace(dialog.config(), few_shot=42, architectures=("vgg11",)))
        return QDialog.DialogCode.Accepted

    monkeypatch.setattr(OperationDialog, "exec", accepted)
    start_fake.scripts["evaluate"] = [Finished(summary={"text": "Tested."})]
    with qtbot.waitSignal(page._testing.finished):
        qtbot.mouseClick(page._beside, Qt.MouseButton.LeftButton)
    asked = start_fake.asked[0][1]
    assert (asked.run, asked.few_shot, asked.architectures) == (run.root, 42, ("vgg11",))
    assert {"coresets", "transfer_weights", "best_over_test", "students"} <= offered[0]


def test_what_evaluate_refuses_is_said(page, session, hospital, start_fake, qtbot):
    hospital.finished(hospital.run())
    session.open_project(hospital.project.root)
    until_state(qtbot, page, RunState.FINISHED)
    start_fake.scripts["evaluate"] = [TargetError("It is gone.", "Plug it in.")]
    with qtbot.waitSignal(page._testing.failed):
        page.evaluate()
    assert page._frame.notice.text() == "Error: It is gone. Plug it in."
    assert page._evaluate.isVisible()


def test_the_slider_goes_back_in_time(page, session, hospital, qtbot):
    run = hospital.run()
    frames = [hospital.frame(run, step, brightness=step) for step in (0, 50)]
    hospital.log(run, Started(operation="distill"), *frames)
    session.open_project(hospital.project.root)
    view = page._parts.frames
    qtbot.waitUntil(lambda: view._step.text() == "Iteration 50")
    view.slider.setValue(0)
    qtbot.waitUntil(lambda: view._step.text() == "Iteration 0")
    assert not view.follow.isChecked()
    view.follow.click()
    qtbot.waitUntil(lambda: view._step.text() == "Iteration 50")


def test_news_arrive_in_the_thread_of_the_window(page, session, hospital, qtbot, qapp, monkeypatch):
    threads = []
    monkeypatch.setattr(page, "_show_state", lambda _news: threads.append(QThread.currentThread()))
    hospital.log(hospital.run(), Started(operation="distill"))
    session.open_project(hospital.project.root)
    qtbot.waitUntil(lambda: bool(threads))
    assert threads[0] is qapp.thread()


def test_nothing_is_read_while_nobody_looks(page, session, hospital):
    hospital.log(hospital.run(), Started(operation="distill"))
    session.open_project(hospital.project.root)
    page.hide()
    assert not page._watcher._thread.isRunning()
    page.show()
    assert page._watcher._thread.isRunning()


def test_the_table_holds_the_numbers_of_the_curves(page, session, hospital, qtbot):
    hospital.finished(hospital.run())
    session.open_project(hospital.project.root)
    until_state(qtbot, page, RunState.FINISHED)
    page._parts.curves.as_table.click()
    table = page._parts.curves._table
    assert table.isVisible()
    assert [table.item(0, 0).text(), table.item(1, 1).text()] == ["40", "0.5"]


def test_a_complete_run_shows_the_images_it_keeps_not_its_last_ones(page, session, hospital, qtbot):
    run = hospital.finished(hospital.run())
    hospital.log(run, hospital.frame(run, 41, brightness=50), Finished())
    session.open_project(hospital.project.root)
    view = page._parts.frames
    qtbot.waitUntil(lambda: view._step.text() == "Kept: iteration 20")
    assert view.kept.isChecked()

    def brightness() -> int:
        mosaic = view.mosaic
        return mosaic.grab().toImage().pixelColor(mosaic.tile_rect(3).center().toPoint()).red()

    assert brightness() == 30
    view.follow.click()
    qtbot.waitUntil(lambda: view._step.text() == "Iteration 41")
    assert brightness() == 80
    assert not view.kept.isChecked()
    view.kept.click()
    assert brightness() == 30


def test_before_the_first_number_there_are_no_empty_axes(page, session, hospital, qtbot):
    run = hospital.run()
    hospital.log(run, Started(operation="distill"))
    session.open_project(hospital.project.root)
    until_state(qtbot, page, RunState.INTERRUPTED)
    curves = page._parts.curves
    assert not curves.matching.isVisible()
    assert not curves.logarithmic.isVisible()
    assert not page._parts.frames.slider.isVisible()
    hospital.log(run, Metric(name="expert loss", step=1, value=1.0))
    qtbot.waitUntil(curves.experts.isVisible)
    hospital.log(run, Metric(name="loss", step=1, value=1.0))
    qtbot.waitUntil(curves.matching.isVisible)


@pytest.mark.parametrize(
    ("rate", "unit", "words"),
    [
        (2560.4, "images", "2,560 images/s"),
        (1.26, "iterations", "1.3 it/s"),
        (0.128, "epochs", "7.7 epochs/min"),
        (float("nan"), "epochs", ""),
    ],
)
def test_a_speed_is_read_at_a_glance(rate, unit, words):
    assert speed_in_words(rate, unit) == words
