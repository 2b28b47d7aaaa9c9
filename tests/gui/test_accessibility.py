"""Every control of every page: a name for screen readers, a target that can be hit, words that claim nothing."""

import functools

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QScrollBar,
    QWidget,
)

from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.configs.scan import ScanConfig
from meddistill_gui.core.configs.split import SplitConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.events import Finished
from meddistill_gui.core.words import FORBIDDEN, LIMITS
from meddistill_gui.gui.main_window import MainWindow
from meddistill_gui.gui.page_list import pages
from meddistill_gui.gui.run_thread import RunThread
from meddistill_gui.operations.label import label
from meddistill_gui.operations.scan import scan
from meddistill_gui.operations.split import split

SMALLEST_TARGET = 24


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    root = tmp_path_factory.mktemp("work")
    for number in range(24):
        place = root / "source" / ("a" if number % 2 else "b")
        place.mkdir(parents=True, exist_ok=True)
        pixels = np.arange(64, dtype=np.uint8).reshape(8, 8) + number
        Image.fromarray(pixels).save(place / f"{number}.png")
    for operation, config in (
        (scan, ScanConfig(source=root / "source", project=root / "project")),
        (label, LabelConfig(project=root / "project")),
        (split, SplitConfig(project=root / "project")),
    ):
        list(operation(config, Control()))
    return root / "project"


@pytest.fixture(params=["empty", "open"])
def window(request, qtbot, theme, start_fake, tmp_path, project):
    start_fake.scripts["estimate"] = [Finished()]
    made = MainWindow(start_fake, pages(), theme, tmp_path / "window.toml")
    qtbot.addWidget(made)
    made.resize(1280, 832)
    if request.param == "open":
        made.session.open_project(project)
    made.show()
    yield made
    for work in made.findChildren(RunThread):
        work.close()
    made.page("dataset_browser").browser.close_reading()


def takes_focus(widget: QWidget) -> bool:
    inside = widget.objectName().startswith("qt_") or isinstance(widget, QScrollBar)
    return (
        widget.focusPolicy() != Qt.FocusPolicy.NoFocus
        and not inside
        and widget.focusProxy() is None
    )


def called(widget: QWidget) -> str:
    found = QAccessible.queryAccessibleInterface(widget)
    return found.text(QAccessible.Text.Name) if found is not None else ""


def described(widget: QWidget) -> str:
    chain = [widget]
    while chain[-1].parentWidget() is not None:
        chain.append(chain[-1].parentWidget())
    return " < ".join(f"{type(w).__name__}({w.objectName()})" for w in chain[:5])


@pytest.mark.slow
def test_every_control_has_a_name_and_a_target_large_enough(window):
    nameless, small = [], []
    for entry in pages():
        window.go_to(entry.name)
        page = window.page(entry.name)
        for widget in [*page.findChildren(QWidget), *window.rail.findChildren(QWidget)]:
            if not takes_focus(widget) or widget.isHidden() or widget.window() is not window:
                continue
            if not isinstance(widget, QScrollArea | QLabel) and not called(widget).strip():
                nameless.append(described(widget))
            button = isinstance(widget, QAbstractButton) and widget.isVisible()
            if button and min(widget.width(), widget.height()) < SMALLEST_TARGET:
                small.append(f"{described(widget)} {widget.size()}")
    assert not nameless, "\n".join(nameless)
    assert not small, "\n".join(small)


@pytest.mark.slow
def test_no_word_on_the_screen_claims_what_nobody_can_prove(window):
    for entry in pages():
        window.go_to(entry.name)
    said = [w.text() for w in window.findChildren(QLabel)]
    said += [w.text() for w in window.findChildren(QAbstractButton)]
    said += [w.placeholderText() for w in window.findChildren(QLineEdit)]
    said += [w.toPlainText() for w in window.findChildren(QPlainTextEdit)]
    for widget in window.findChildren(QWidget):
        said += [widget.toolTip(), widget.accessibleName(), widget.accessibleDescription()]
    assert len(said) > 100
    for text in said:
        rest = text.replace(LIMITS, "").lower()
        assert not [word for word in FORBIDDEN if word in rest], text


@pytest.mark.slow
def test_tab_walks_through_every_control_of_a_page_and_out_again(window, qtbot):
    for entry in pages():
        window.go_to(entry.name)
        missed = wanted(window.page(entry.name)) - walked(qtbot, window, entry.name)
        assert not missed, "\n".join(map(described, missed))


def wanted(page: QWidget) -> set[QWidget]:
    """What Tab must come to: of exclusive buttons and of views Qt's own keys do the rest."""
    return {
        w
        for w in page.findChildren(QWidget)
        if takes_focus(w)
        and w.isVisible()
        and w.isEnabled()
        and w.focusPolicy() & Qt.FocusPolicy.TabFocus
        and not isinstance(w, QAbstractScrollArea | QLabel)
        and not (isinstance(w, QAbstractButton) and w.autoExclusive())
    }


def walked(qtbot, window: MainWindow, name: str) -> set[QWidget]:
    """Where Tab goes from the page's button on the rail until it is back there."""
    start = window.rail.page_button(name)
    start.setFocus()
    reached: set[QWidget] = set()
    for _ in range(200):
        qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
        reached.add(window.focusWidget())
        if window.focusWidget() is start:
            return reached
    raise AssertionError(f"the keyboard is caught on {name} by {described(window.focusWidget())}")


@pytest.mark.slow
def test_at_twice_the_size_no_word_of_a_page_is_cut(window, theme, qtbot):
    theme.set_text_percent(200)
    window.resize(1280, 832)
    for entry in pages():
        window.go_to(entry.name)
        # what the catalogue answers comes later than the page
        qtbot.waitUntil(functools.partial(nothing_is_cut, window.page(entry.name)))


def nothing_is_cut(page: QWidget) -> None:
    """Raises:
    AssertionError: Naming every label and button with too little room.
    """
    cut = [
        f"{described(widget)} {widget.text()[:40]}"
        for widget in page.findChildren(QWidget)
        if widget.isVisible() and is_cut(widget)
    ]
    assert not cut, "\n".join(cut)


def is_cut(widget: QWidget) -> bool:
    """Whether the words of a label or button have less room than they need; a path may be elided, it says so itself."""
    if not isinstance(widget, QLabel | QAbstractButton) or not widget.text():
        return False
    if isinstance(widget, QLabel) and widget.wordWrap():
        return widget.heightForWidth(widget.width()) > widget.height() + 1
    words = widget.fontMetrics().size(0, widget.text())
    return words.width() > widget.width() + 1 or words.height() > widget.height() + 1
