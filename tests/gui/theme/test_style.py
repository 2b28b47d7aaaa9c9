import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication, QPushButton

from meddistill_gui.core.paths import resources
from meddistill_gui.gui.theme import icons
from meddistill_gui.gui.theme.colours import DARK, LIGHT, current, palette_of
from meddistill_gui.gui.theme.style import style_sheet


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=lambda s: s.name)
def test_the_style_sheet_has_no_place_left_to_fill_and_no_colour_of_its_own(scheme):
    template = (resources() / "styles" / "window.qss").read_text()
    assert not re.search(r"#[0-9a-fA-F]{6}", template)
    assert "$" not in style_sheet(scheme, 10.0)


def test_light_and_dark_change_the_whole_application(theme):
    theme.set_scheme("dark")
    assert current() is DARK
    assert QApplication.palette().color(QPalette.ColorRole.Window).name() == DARK.window
    theme.set_scheme("light")
    assert current() is LIGHT


def test_text_size_is_relative_to_the_systems_and_bounded(theme):
    before = QApplication.font().pointSizeF()
    theme.set_text_percent(200)
    assert QApplication.font().pointSizeF() == pytest.approx(2 * before)
    theme.set_text_percent(900)
    assert theme.text_percent == 200
    theme.set_text_percent(10)
    assert QApplication.font().pointSizeF() == pytest.approx(before)


@pytest.mark.parametrize(
    "path", sorted((resources() / "icons").glob("*.svg")), ids=lambda p: p.stem
)
@pytest.mark.usefixtures("qapp")
def test_every_icon_draws_something_in_the_colour_it_is_given(path):
    colour = palette_of(LIGHT).color(QPalette.ColorRole.Highlight)
    image = icons.pixmap(path.stem, 48, colour).toImage()
    pixels = [image.pixelColor(x, y) for x in range(48) for y in range(48)]
    inked = [pixel for pixel in pixels if pixel.alpha() > 200]
    assert len(inked) > 20
    for pixel in inked:
        for channel in ("red", "green", "blue"):
            assert abs(getattr(pixel, channel)() - getattr(colour, channel)()) <= 2


def test_an_icon_follows_the_colour_of_its_button(qtbot, theme):
    button = QPushButton("Go")
    qtbot.addWidget(button)
    icons.give(button, "play")
    button.show()

    def ink():
        image = button.icon().pixmap(26, 20).toImage()
        return {
            image.pixelColor(x, y).name()
            for x in range(20)
            for y in range(20)
            if image.pixelColor(x, y).alpha() == 255
        }

    light = ink()
    theme.set_scheme("dark")
    assert light
    assert ink() != light


@pytest.mark.slow
def test_a_second_theme_and_window_in_one_process_live_on(tmp_path):
    """In a process of its own: a fault here kills the process."""
    program = (
        "import gc, pathlib\n"
        "from PySide6.QtCore import Qt\n"
        "from PySide6.QtWidgets import QApplication\n"
        "from meddistill_gui.gui.main_window import MainWindow\n"
        "from meddistill_gui.gui.page_list import pages\n"
        "from meddistill_gui.gui.theme.style import Theme\n"
        "app = QApplication([])\n"
        "sizes, heard = [], []\n"
        "for number, scheme in enumerate(('light', 'dark', 'system', 'dark')):\n"
        "    theme = Theme(app, scheme, 200)\n"
        "    theme.changed.connect(lambda n=number: heard.append(n))\n"
        "    sizes.append(app.font().pointSizeF())\n"
        "    window = MainWindow(None, pages(), theme, pathlib.Path('window.toml'))\n"
        "    window.show()\n"
        "    app.styleHints().setColorScheme(Qt.ColorScheme.Dark)\n"
        "    app.styleHints().setColorScheme(Qt.ColorScheme.Light)\n"
        "    app.processEvents()\n"
        "    window.page('dataset_browser').browser.close_reading()\n"
        "    window.close()\n"
        "    if number % 2:\n"
        "        window.deleteLater()\n"
        "    del window\n"
        "    gc.collect()\n"
        "    assert set(heard) <= {number}, heard\n"
        "    heard.clear()\n"
        "    app.processEvents()\n"
        "assert len(set(sizes)) == 1, sizes\n"
        "print('alive')\n"
    )
    made = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    assert made.stdout.strip() == "alive"
