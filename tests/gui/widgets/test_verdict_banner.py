"""The verdict, what follows from it, and what these tests cannot show, in one frame."""

from meddistill_gui.core.words import LIMITS, Verdict
from meddistill_gui.gui.widgets.verdict_banner import VerdictBanner


def test_what_follows_is_said_in_the_same_frame_and_goes_with_the_next_verdict(qtbot):
    banner = VerdictBanner()
    qtbot.addWidget(banner)
    banner.resize(700, 200)
    banner.show_verdict(Verdict.LEAK_FOUND, ("A reason.",), "FORMAL GUARANTEE: none")
    banner.show()
    assert not banner.consequence.isVisible()
    assert not banner.action.isVisible()
    banner.show_consequence("This set is not packed.", "Look at it")
    assert banner.consequence.isVisible()
    assert banner.action.text() == banner.action.accessibleName() == "Look at it"
    assert banner.accessibleName() == "LEAK FOUND. A reason. This set is not packed."
    assert banner.accessibleDescription() == LIMITS
    banner.show_verdict(Verdict.CANNOT_TELL, (), "")
    assert not banner.consequence.isVisible()
    assert not banner.action.isVisible()


def test_what_is_guaranteed_stands_beside_the_word(qtbot):
    banner = VerdictBanner()
    qtbot.addWidget(banner)
    banner.resize(900, 200)
    banner.show_verdict(Verdict.NO_LEAK_FOUND, ("A reason.",), "FORMAL GUARANTEE: none")
    banner.show()
    assert banner.formal.x() > banner.word.geometry().right()
    assert banner.formal.geometry().center().y() < banner.reasons.y()
