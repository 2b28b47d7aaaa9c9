import pytest
from PySide6.QtGui import QDesktopServices

from meddistill_gui.gui.pages.anonymity_preview.reports_button import ReportsButton


@pytest.fixture
def button(qtbot):
    made = ReportsButton()
    qtbot.addWidget(made)
    return made


def entries(button):
    return {one.text(): one for one in button.menu().actions() if one.data() is not None}


def test_each_report_is_opened_where_it_lies(button, hospital, monkeypatch):
    run = hospital.finished(hospital.run())
    for name in ("detailed.html", "detailed.pdf", "public.html", "public.pdf"):
        (run.audit / name).write_text("x")
    button.show_run(run)
    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    for entry in entries(button).values():
        assert entry.isEnabled()
        entry.trigger()
    assert opened[:4] == [str(run.audit / name) for name in ("detailed.html", "detailed.pdf", "public.html", "public.pdf")]  # fmt: skip
    assert opened[4].rstrip("/") == str(run.audit)


def test_what_is_not_there_cannot_be_chosen(button, hospital):
    run = hospital.finished(hospital.run())
    (run.audit / "public.html").write_text("x")
    button.show_run(run)
    chosen = {text for text, one in entries(button).items() if one.isEnabled()}
    assert chosen == {"Page, coarse", "Show the folder"}


def test_it_is_said_which_one_stays_in_the_house(button):
    said = [one.text() for one in button.menu().actions() if one.data() is None and one.text()]
    assert any("stays in the house" in text for text in said)
    assert any("may travel" in text for text in said)
