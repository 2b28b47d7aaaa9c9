from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QWizard

from meddistill_gui.core.configs.distill import REAL_START, DistillConfig
from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.configs.scan import ScanConfig
from meddistill_gui.core.configs.split import SplitConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import SourceError
from meddistill_gui.core.events import Finished, Progress, Started
from meddistill_gui.core.run_folder import create_run
from meddistill_gui.data.catalogue import open_catalogue
from meddistill_gui.gui.pages.distillation_wizard.budget_step import total_seconds
from meddistill_gui.gui.pages.distillation_wizard.page import DistillationWizardPage
from meddistill_gui.gui.pages.distillation_wizard.presets import beginning
from meddistill_gui.gui.session import Session
from meddistill_gui.operations.label import label
from meddistill_gui.operations.scan import scan
from meddistill_gui.operations.split import split

MEASURED = {
    "text": "…",
    "seconds_experts": 60.0,
    "seconds_iterations": 120.0,
    "seconds_evaluation": 30.0,
    "memory_bytes": 3 * 2**29,
    "device": "cpu",
}


@pytest.fixture
def project(tmp_path) -> Path:
    for number in range(24):
        place = tmp_path / "source" / ("a" if number % 2 else "b")
        place.mkdir(parents=True, exist_ok=True)
        pixels = np.arange(64, dtype=np.uint8).reshape(8, 8) + number
        Image.fromarray(pixels).save(place / f"{number}.png")
    root = tmp_path / "project"
    for operation, config in (
        (scan, ScanConfig(source=tmp_path / "source", project=root)),
        (label, LabelConfig(project=root)),
        (split, SplitConfig(project=root)),
    ):
        list(operation(config, Control()))
    return root


@pytest.fixture
def page(qtbot, start_fake):
    start_fake.scripts["estimate"] = [
        Started(operation="estimate"),
        Progress(phase="measuring", done=1, total=4),
        Finished(summary=MEASURED),
    ]
    session = Session(start_fake)
    made = DistillationWizardPage(session, start_fake)
    qtbot.addWidget(made)
    made.resize(900, 700)
    made.show()
    yield made
    session.work.close()
    if made.wizard is not None:
        made.wizard.budget.work.close()


@pytest.fixture
def opened(page, project):
    page._session.open_project(project)
    return page


def press(qtbot, wizard, which):
    qtbot.mouseClick(wizard.button(which), Qt.MouseButton.LeftButton)


def walk_to_summary(qtbot, wizard):
    for _ in range(3):
        press(qtbot, wizard, QWizard.WizardButton.NextButton)
    qtbot.waitUntil(lambda: not wizard.budget.work.running)


def test_without_a_divided_data_set_it_leads_to_the_data_set(qtbot, page, tmp_path):
    assert page.empty.isVisible()
    page._session.create_project(tmp_path / "new")
    assert page.empty.isVisible()
    with qtbot.waitSignal(page.go_to) as asked:
        page.empty.action.click()
    assert asked.args == ["dataset_browser"]


def test_untouched_it_yields_what_it_began_with_and_starts_it_in_the_session(
    qtbot, opened, project, start_fake
):
    wizard = opened.wizard
    walk_to_summary(qtbot, wizard)
    with open_catalogue(project / "catalogue.sqlite") as catalogue:
        expected = beginning(project, (), catalogue.summary().modality)

    def make_folder(_job):
        create_run(expected)

    start_fake.scripts["distill"] = [make_folder, Started(operation="distill"), Finished()]
    with qtbot.waitSignal(opened.go_to) as asked:
        press(qtbot, wizard, QWizard.WizardButton.FinishButton)
    assert asked.args == ["live_view"]
    assert start_fake.asked[-1] == ("distill", expected)
    assert opened._session.run.root == project / "runs" / "run-1"
    qtbot.waitUntil(lambda: not opened._session.work.running)
    assert wizard.draft.config.name == "run-2"


def test_what_is_chosen_in_the_steps_is_in_the_config(qtbot, opened):
    wizard = opened.wizard
    wizard.data.form.field("images.size").focus_target().setValue(64)
    press(qtbot, wizard, QWizard.WizardButton.NextButton)
    distribution = next(
        b for b in wizard.method._methods.buttons() if b.objectName() == "distribution"
    )
    quick = next(b for b in wizard.method._presets.buttons() if b.objectName() == "quick")
    distribution.click()
    quick.click()
    press(qtbot, wizard, QWizard.WizardButton.NextButton)
    wizard.budget.form.field("images_per_class").focus_target().setValue(10)
    press(qtbot, wizard, QWizard.WizardButton.NextButton)
    qtbot.waitUntil(lambda: not wizard.budget.work.running)
    with qtbot.waitSignal(wizard.ready) as told:
        press(qtbot, wizard, QWizard.WizardButton.FinishButton)
    config = told.args[0]
    assert (config.images.size, config.method, config.iterations) == (64, "distribution", 60)
    assert config.images_per_class == 10
    qtbot.waitUntil(lambda: not opened._session.work.running)


def test_the_budget_is_measured_for_exactly_this_config_and_goes_stale(qtbot, opened, start_fake):
    wizard = opened.wizard
    press(qtbot, wizard, QWizard.WizardButton.NextButton)
    press(qtbot, wizard, QWizard.WizardButton.NextButton)
    qtbot.waitUntil(lambda: not wizard.budget.work.running)
    assert start_fake.asked == [("estimate", wizard.draft.config)]
    rows = {name: row.text() for name, row in wizard.budget._rows.items()}
    assert rows["total"] == "about 4 min"
    assert rows["memory_bytes"] == "1.5 GiB"
    assert rows["device"] == "Processor"
    assert not wizard.budget._stale.isVisible()
    wizard.budget.form.field("iterations").focus_target().setValue(1000)
    assert wizard.budget._stale.isVisible()
    wizard.budget.measure_again.click()
    qtbot.waitUntil(lambda: not wizard.budget.work.running)
    assert start_fake.asked[-1] == ("estimate", wizard.draft.config)
    assert not wizard.budget._stale.isVisible()


def test_a_failed_measurement_says_why_and_does_not_hold_anybody_up(qtbot, opened, start_fake):
    start_fake.scripts["estimate"] = [SourceError("The data are gone.", "Reconnect them.")]
    wizard = opened.wizard
    press(qtbot, wizard, QWizard.WizardButton.NextButton)
    press(qtbot, wizard, QWizard.WizardButton.NextButton)
    qtbot.waitUntil(lambda: not wizard.budget.work.running)
    assert "The data are gone. Reconnect them." in wizard.budget.notice.text()
    assert wizard.button(QWizard.WizardButton.NextButton).isEnabled()


def test_a_step_with_a_problem_cannot_be_left(opened):
    wizard = opened.wizard
    wizard.data.form.field("images.size").focus_target().setValue(8)
    assert wizard.data.form.problems() == ()
    wizard.draft.set({"network.depth": 6})
    wizard.data.initializePage()
    assert not wizard.data.isComplete()
    assert not wizard.button(QWizard.WizardButton.NextButton).isEnabled()


def test_a_name_that_is_taken_is_refused(qtbot, opened, project):
    create_run(DistillConfig(project=project, name="mine"))
    opened.refresh()
    wizard = opened.wizard
    walk_to_summary(qtbot, wizard)
    line = wizard.summary.form.field("name").focus_target()
    line.setText("mine")
    line.textEdited.emit("mine")
    assert not wizard.button(QWizard.WizardButton.FinishButton).isEnabled()
    assert wizard.summary._taken_said.isVisible()
    line.setText("other")
    line.textEdited.emit("other")
    assert wizard.button(QWizard.WizardButton.FinishButton).isEnabled()


def test_a_start_from_real_images_must_be_confirmed(qtbot, opened):
    wizard = opened.wizard
    walk_to_summary(qtbot, wizard)
    finish = wizard.button(QWizard.WizardButton.FinishButton)
    assert finish.isEnabled()
    assert not wizard.summary.confirmed.isVisible()
    press(qtbot, wizard, QWizard.WizardButton.BackButton)
    wizard.draft.set({"initialisation": "real"})
    press(qtbot, wizard, QWizard.WizardButton.NextButton)
    qtbot.waitUntil(lambda: not wizard.budget.work.running)
    assert wizard.summary.confirmed.isVisible()
    assert wizard.summary._real_said.text() == REAL_START
    assert not finish.isEnabled()
    qtbot.mouseClick(wizard.summary.confirmed, Qt.MouseButton.LeftButton, pos=QPoint(10, 10))
    assert finish.isEnabled()
    press(qtbot, wizard, QWizard.WizardButton.BackButton)
    press(qtbot, wizard, QWizard.WizardButton.NextButton)
    assert not finish.isEnabled()


def test_a_run_that_cannot_begin_is_explained_here(qtbot, opened, start_fake):
    start_fake.scripts["distill"] = [SourceError("The disk is full.", "Free some room.")]
    wizard = opened.wizard
    walk_to_summary(qtbot, wizard)
    press(qtbot, wizard, QWizard.WizardButton.FinishButton)
    qtbot.waitUntil(lambda: not opened._session.work.running)
    assert opened.frame.notice.text() == "Error: The disk is full. Free some room."


def test_a_second_run_in_this_window_is_refused(qtbot, opened, start_fake):
    start_fake.scripts["distill"] = [lambda job: job.wished.wait(10)]
    opened._session.work.start("distill", None)
    opened.start(opened.wizard.draft.config)
    assert "Another run is under way" in opened.frame.notice.text()
    opened._session.work.stop()
    qtbot.waitUntil(lambda: not opened._session.work.running)


def test_escape_does_not_dismiss_the_wizard(qtbot, opened):
    qtbot.keyClick(opened.wizard, Qt.Key.Key_Escape)
    assert opened.wizard.isVisible()


def test_total_is_the_sum_of_the_parts_unless_it_is_given():
    assert total_seconds(MEASURED) == 210.0
    assert total_seconds({**MEASURED, "seconds": 220.0}) == 220.0


def test_the_focus_stays_in_the_wizard_when_a_page_is_turned(qtbot, opened):
    opened.activateWindow()
    wizard, which = opened.wizard, QWizard.WizardButton
    for expected in (which.NextButton, which.NextButton, which.FinishButton):
        press(qtbot, wizard, which.NextButton)
        qtbot.waitUntil(lambda button=expected: wizard.button(button).hasFocus())
    qtbot.waitUntil(lambda: not wizard.budget.work.running)
