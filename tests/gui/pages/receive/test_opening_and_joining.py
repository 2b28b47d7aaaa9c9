"""Encrypted bundles, known people, several bundles together, and what the students' tests show."""

import numpy as np
import pytest

from meddistill_gui.bundle import encryption, keys, own_key, passphrases, senders, writer
from meddistill_gui.bundle.keys import PublicKey
from meddistill_gui.bundle.own_key import Place
from meddistill_gui.core.events import Finished, Metric, Started
from meddistill_gui.gui.pages.receive.page import ReceivePage
from meddistill_gui.gui.pages.receive.senders_dialog import SendersDialog
from meddistill_gui.gui.pages.receive.training_view import STUDENT_LOSS
from meddistill_gui.gui.pages.receive.unlock_dialog import UnlockDialog
from meddistill_gui.gui.widgets.result_tabs import ResultTabs

PASSPHRASE = "correct horse battery staple"  # noqa: S105 - of a key that is made below


@pytest.fixture
def page(session, start_fake, qtbot, monkeypatch):
    monkeypatch.setattr(keys, "_ROUNDS", 1)
    made = ReceivePage(session, start_fake)
    qtbot.addWidget(made)
    made.resize(1100, 760)
    made.show()
    start_fake.scripts["verify"] = [
        Started(operation="verify"),
        Finished(summary={"text": "whole"}),
    ]
    yield made
    made._reading.close()
    passphrases.hold({})


@pytest.fixture
def content(synthetic) -> bytes:
    papers = writer.Papers(title="Three", contact="", licence="", evaluation=None, audit=None)
    return writer.pack(synthetic, papers)


def opened(page, path, qtbot):
    page.open_path(path)
    qtbot.waitUntil(
        lambda: page.bundle is not None or page._frame.notice.kind == "error", timeout=10_000
    )


def answering(monkeypatch, text="", path=""):
    def fill(dialog):
        for line, typed in ((dialog.field.first, text), (dialog.line, path)):
            line.setText(str(typed))
        dialog.field.first.textEdited.emit(text)
        assert dialog.go.isEnabled()
        return UnlockDialog.DialogCode.Accepted

    monkeypatch.setattr(UnlockDialog, "exec", fill)


def test_a_bundle_encrypted_to_the_users_key_is_opened_and_trained_on(
    page, content, tmp_path, qtbot, monkeypatch
):
    passphrases.hold({"MEDDISTILL_KEY_PASSPHRASE": PASSPHRASE})
    mine = own_key.create(Place.FILE)
    passphrases.hold({})
    path = tmp_path / "three.distilled.zip.age"
    path.write_bytes(encryption.encrypt(content, recipients=[mine.line]))
    answering(monkeypatch, PASSPHRASE)
    opened(page, path, qtbot)
    assert page.bundle.title == "Three"
    assert passphrases.held() == {}
    held = {}
    monkeypatch.setattr(page._work, "start", lambda *_: held.update(passphrases.held()))
    page._training.form.field("out").show_value(tmp_path / "out")
    page.train()
    assert held == {"MEDDISTILL_KEY_PASSPHRASE": PASSPHRASE}
    assert page._training.form.config().out == tmp_path / "out"


def test_another_passphrase_opens_nothing(page, content, tmp_path, qtbot, monkeypatch):
    passphrases.hold({"MEDDISTILL_KEY_PASSPHRASE": PASSPHRASE})
    path = tmp_path / "three.distilled.zip.age"
    path.write_bytes(encryption.encrypt(content, recipients=[own_key.create(Place.FILE).line]))
    passphrases.hold({})
    answering(monkeypatch, "another one, long enough")
    opened(page, path, qtbot)
    assert page.bundle is None
    assert "does not open" in page._frame.notice.text()


def test_a_cancelled_question_changes_nothing(page, content, tmp_path, monkeypatch, start_fake):
    path = tmp_path / "three.distilled.zip.age"
    other = keys.public_of(keys.Ed25519PrivateKey.generate())
    path.write_bytes(encryption.encrypt(content, recipients=[other.line]))
    monkeypatch.setattr(UnlockDialog, "exec", lambda _: UnlockDialog.DialogCode.Rejected)
    page.open_path(path)
    assert start_fake.asked == []


def test_without_a_key_the_dialog_says_what_to_do(qtbot):
    dialog = UnlockDialog("b.age", to_passphrase=False)
    qtbot.addWidget(dialog)
    assert not dialog.go.isEnabled()
    assert "you have none yet" in dialog._sentence()
    dialog.line.setText("/some/key")
    assert dialog.go.isEnabled()
    assert dialog.passphrases() == {}


def test_a_long_name_of_a_bundle_widens_nothing(qtbot, theme):
    theme.set_text_percent(200)
    dialog = UnlockDialog("b" * 150 + ".age", to_passphrase=True)
    qtbot.addWidget(dialog)
    assert dialog.minimumSizeHint().width() < 800


def test_people_are_added_listed_and_forgotten(qtbot):
    dialog = SendersDialog()
    qtbot.addWidget(dialog)
    dialog.show()
    key = PublicKey(bytes(32))
    dialog.name.setText("Klinik Nord")
    dialog.line.setText("no key")
    dialog.add.click()
    assert "no Ed25519 public key" in dialog.notice.text()
    dialog.line.setText(key.line + " a comment")
    dialog.add.click()
    assert senders.known() == {key: "Klinik Nord"}
    assert dialog.table.item(0, 1).text() == key.words
    assert dialog.name.text() == dialog.line.text() == ""
    dialog.table.selectRow(0)
    dialog.forget.click()
    assert senders.known() == {}
    assert dialog.table.rowCount() == 0


def test_another_hospitals_bundle_is_joined_if_it_fits(
    page, content, synthetic, tmp_path, qtbot, start_fake
):
    first, second, strange = (tmp_path / f"{name}.distilled.zip" for name in "abc")
    first.write_bytes(content)
    papers = writer.Papers(title="Other", contact="", licence="", evaluation=None, audit=None)
    second.write_bytes(writer.pack(synthetic, papers))
    from dataclasses import replace

    names = ("x", "y", "z")
    other = replace(synthetic, recipe=replace(synthetic.recipe, class_names=names))
    strange.write_bytes(writer.pack(other, papers))
    opened(page, first, qtbot)
    page.add_path(second)
    qtbot.waitUntil(lambda: "12 images of 2 bundles" in page._frame.notice.text(), timeout=10_000)
    assert "b.distilled.zip" in page._training._joined.text()
    page.add_path(strange)
    qtbot.waitUntil(lambda: page._frame.notice.kind == "error", timeout=10_000)
    assert "other classes" in page._frame.notice.text()
    page._training.form.field("out").show_value(tmp_path / "out")
    start_fake.scripts["receive"] = [Finished(summary={"text": "done"})]
    with qtbot.waitSignal(page._work.finished):
        page.train()
    assert start_fake.asked[-1][1].also == (str(second),)


def test_the_curve_begins_anew_with_each_student(page):
    for step, value in ((1, 0.9), (2, 0.8), (1, 0.7)):
        page._training.take(Metric(name=STUDENT_LOSS, step=step, value=value))
    assert page._training.curve.series[STUDENT_LOSS].last() == (1.0, 0.7)
    page._training.curve.hide()


def test_the_results_show_all_that_was_measured(qtbot):
    tabs = ResultTabs()
    qtbot.addWidget(tabs)
    row = {"sensitivity": 0.5, "specificity": 0.75, "auroc": 0.6}
    test = {"balanced_accuracy": 0.61, "auroc": 0.7, "calibration_error": 0.123, "confusion": [[3, 1], [0, 4]],
            "per_class": [{"class": name, **row} for name in ("focal", "normal")]}  # fmt: skip
    figure = {"mean": 0.61, "sd": 0.01, "low": 0.6, "high": 0.62}
    line = {"title": "6 images of the bundle", "training_images": 6, "students": 2,
            **dict.fromkeys(("balanced_accuracy", "accuracy", "auroc"), figure)}  # fmt: skip
    other = test | {"confusion": [[2, 2], [0, 4]]}
    tabs.show_summary({"tests": [test, other], "rows": [line]})
    assert tabs.confusion.item(0, 0).text() == "2.5  (62%)"
    assert tabs.confusion.item(1, 0).text() == "0  (0%)"
    assert tabs.figures.item(3, 1).text() == "0.123"
    assert tabs.compared.item(0, 0).text() == "6 images of the bundle"
    assert np.isclose(tabs.confusion.item(1, 1).background().color().alpha(), 120)


def test_a_run_s_own_test_is_shown_in_the_same_tables(qtbot):
    tabs = ResultTabs()
    qtbot.addWidget(tabs)

    def figure(mean):
        return {"mean": mean, "sd": 0.01, "low": mean, "high": mean}

    classes = [{"class": name, "sensitivity": 0.5, "specificity": 0.75, "harmonic_mean": 0.6, "auroc": 0.8}
               for name in ("focal", "normal")]  # fmt: skip
    row = {"title": "2 synthetic images", "training_images": 2, "students": 5, "per_class": classes,
           "balanced_accuracy": figure(0.5), "accuracy": figure(0.55), "macro_f1": figure(0.45), "auroc": figure(0.8),
           "calibration_error": figure(0.07), "confusion": [[1, 1], [0.5, 1.5]]}  # fmt: skip
    tabs.show_evaluation({"rows": [row, row | {"title": "2 random real images"}]})
    assert [tabs.figures.item(0, column).text() for column in range(5)] == ["focal", "0.500", "0.750", "0.600", "0.800"]  # fmt: skip
    assert tabs.figures.item(3, 1).text() == "0.070"
    assert tabs.compared.rowCount() == 2
    assert tabs.compared.item(0, 4).text() == "0.450\n0.450 to 0.450"
    assert tabs.confusion.item(1, 1).text() == "1.5  (75%)"
