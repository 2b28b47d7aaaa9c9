from meddistill_gui.core.errors import SourceError, Stopped
from meddistill_gui.gui.widgets.notice import Notice


def test_an_error_says_what_is_wrong_and_what_to_do(qtbot):
    notice = Notice()
    qtbot.addWidget(notice)
    assert notice.text() == ""
    notice.show_error(SourceError("The folder is gone.", "Plug the stick in."))
    assert notice.kind == "error"
    assert notice.text() == "Error: The folder is gone. Plug the stick in."


def test_a_stop_that_was_asked_for_is_no_error(qtbot):
    notice = Notice()
    qtbot.addWidget(notice)
    notice.show_error(Stopped("Stopped as you asked.", "What was done is kept."))
    assert notice.kind == "info"


def test_names_of_files_are_never_read_as_html(qtbot):
    notice = Notice()
    qtbot.addWidget(notice)
    notice.show_message("warning", "<b>x</b>")
    assert "<b>x</b>" in notice.text()
    assert notice._message.textFormat().name == "PlainText"


def test_the_action_calls_its_receiver_only_while_it_is_offered(qtbot):
    notice = Notice()
    qtbot.addWidget(notice)
    called = []
    notice.show_message("info", "m", action="Do it", receiver=lambda: called.append(1))
    notice.action().click()
    assert called == [1]
    notice.show_message("info", "other")
    assert notice.action().isHidden()
