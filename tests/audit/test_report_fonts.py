import pytest
from reportlab.pdfbase import pdfmetrics

from meddistill_gui.audit.report_fonts import LATIN, MISSING, font_of, marked_up


@pytest.mark.parametrize(
    ("letter", "font"),
    [
        ("a", LATIN),
        ("é", LATIN),
        ("€", LATIN),
        ("肺", "HeiseiKakuGo-W5"),
        ("カ", "HeiseiKakuGo-W5"),
        ("ε", "HeiseiKakuGo-W5"),
        ("폐", "HYGothic-Medium"),
        ("们", "STSong-Light"),
        ("\U0001fac1", ""),
        ("\x07", ""),
    ],
)
def test_each_letter_has_the_font_that_draws_it(letter, font):
    assert font_of(letter) == font


def test_text_is_cut_where_the_font_changes_and_escaped():
    found = marked_up("a<b 肺炎 & c")
    assert found == 'a&lt;b <font name="HeiseiKakuGo-W5">肺炎</font> &amp; c'
    assert "HeiseiKakuGo-W5" in pdfmetrics.getRegisteredFontNames()


def test_what_no_font_draws_is_a_box_and_not_gone():
    assert (
        marked_up("x\U0001fac1\U0001fac1") == f'x<font name="HeiseiKakuGo-W5">{MISSING * 2}</font>'
    )


def test_a_tick_is_said_in_a_word():
    assert marked_up("marked ✓ once") == "marked yes once"
