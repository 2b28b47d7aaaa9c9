import pytest

from meddistill_gui.gui.theme.colours import DARK, LIGHT, blend, contrast

TEXT_ON = [
    ("text", "window"),
    ("text", "surface"),
    ("text", "rail"),
    ("text", "hover"),
    ("text", "selected"),
    ("muted", "window"),
    ("muted", "surface"),
    ("muted", "rail"),
    ("on_accent", "accent"),
    ("on_accent", "accent_hover"),
    ("accent", "surface"),
    ("danger", "window"),
    ("danger", "surface"),
    ("warning", "window"),
    ("good", "window"),
]


def test_contrast_agrees_with_the_worked_examples_of_wcag():
    assert contrast("#ffffff", "#000000") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#000000", "#000000") == pytest.approx(1.0)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=lambda s: s.name)
@pytest.mark.parametrize(("front", "back"), TEXT_ON)
def test_text_can_be_read(scheme, front, back):
    assert contrast(getattr(scheme, front), getattr(scheme, back)) >= 4.5


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=lambda s: s.name)
@pytest.mark.parametrize("kind", ["danger", "warning", "good", "accent"])
def test_notices_can_be_read_on_their_tint(scheme, kind):
    tint = blend(getattr(scheme, kind), scheme.window, 0.10)
    assert contrast(scheme.text, tint) >= 4.5
    assert contrast(scheme.muted, tint) >= 4.5
    assert contrast(getattr(scheme, kind), tint) >= 3.0


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=lambda s: s.name)
def test_borders_focus_and_plot_lines_are_seen(scheme):
    for colour in (scheme.border, scheme.accent, *scheme.series):
        assert contrast(colour, scheme.surface) >= 3.0
        assert contrast(colour, scheme.window) >= 3.0
