"""Which of the fonts that need no file can draw a character: Latin in Helvetica, East Asian scripts in Adobe's collections."""

from functools import lru_cache
from itertools import groupby
from typing import Final
from xml.sax.saxutils import escape

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont

LATIN: Final = "Helvetica"
MISSING: Final = "\u25a1"
"""Drawn in place of a character that no font has; the Japanese font draws it."""

_JAPANESE: Final = "HeiseiKakuGo-W5"
_ENCODINGS: Final = (
    ("cp1252", LATIN),
    ("shift_jis", _JAPANESE),  # with Greek and Cyrillic letters
    ("euc_kr", "HYGothic-Medium"),
    ("gb2312", "STSong-Light"),
    ("big5", "MSung-Light"),
)
_SPOKEN: Final = {"\u2713": "yes", "\u2212": "-", "\u2264": "at most", "\u2265": "at least"}


def marked_up(text: str) -> str:
    """Text for a paragraph, escaped, each stretch in a font that has its characters."""
    for sign, words in _SPOKEN.items():
        text = text.replace(sign, words)
    runs = groupby(text, key=font_of)
    return "".join(_in_font("".join(letters), font) for font, letters in runs)


@lru_cache(maxsize=4096)
def font_of(letter: str) -> str:
    """The font for a character; "" where none has it."""
    if not letter.isprintable():
        return ""
    for encoding, font in _ENCODINGS:
        try:
            letter.encode(encoding)
        except UnicodeEncodeError:
            continue
        return font
    return ""


def _in_font(letters: str, font: str) -> str:
    if font == LATIN:
        return escape(letters)
    if not font:
        font, letters = _JAPANESE, MISSING * len(letters)
    if font not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont(font))
    return f'<font name="{font}">{escape(letters)}</font>'
