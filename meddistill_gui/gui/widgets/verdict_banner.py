"""The verdict in the fixed words, with its reasons and its limits; told by sign and word, not by colour alone."""

from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from meddistill_gui.core.words import LIMITS, Verdict
from meddistill_gui.gui.theme import colours
from meddistill_gui.gui.theme.icons import IconLabel
from meddistill_gui.gui.widgets.buttons import button
from meddistill_gui.gui.widgets.fitting import large_text
from meddistill_gui.gui.widgets.labels import label, set_kind


class VerdictBanner(QFrame):
    """Nothing in it promises anything: the word, why, and what these tests cannot show.

    Attributes:
        consequence: What follows from it here; hidden until `show_consequence`.
        action: What to do about that.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = IconLabel("info", 28)
        self.word = label(kind="heading")
        self.formal = label(kind="muted")
        self.reasons = label()
        self.limits = label(LIMITS, "small")
        self.consequence = label()
        self.action = button("")
        words = QVBoxLayout()
        words.setSpacing(4)
        for line in (self.word, self.consequence, self.reasons, self.formal, self.limits):
            policy = line.sizePolicy()  # its height follows from its width, which is not known yet
            policy.setVerticalPolicy(QSizePolicy.Policy.Preferred)
            line.setSizePolicy(policy)
        self.word.setWordWrap(large_text(self))
        first = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        if large_text(self):
            first.setDirection(QBoxLayout.Direction.TopToBottom)
        first.setSpacing(16)
        first.addWidget(self.word)
        first.addWidget(self.formal, 1)
        words.addLayout(first)
        words.addWidget(self.consequence)
        words.addWidget(self.reasons)
        words.addWidget(self.limits)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 12, 16, 12)
        row.setSpacing(16)
        row.addWidget(self._icon)
        row.addLayout(words, 1)
        row.addWidget(self.action)
        self.consequence.hide()
        self.action.hide()

    def show_verdict(self, verdict: Verdict, reasons: tuple[str, ...], formal: str) -> None:
        """Show a verdict."""
        scheme = colours.current()
        icon, colour, kind = {
            Verdict.LEAK_FOUND: ("error", scheme.danger, "notice-error"),
            Verdict.CANNOT_TELL: ("warning", scheme.warning, "notice-warning"),
            Verdict.NO_LEAK_FOUND: ("search", scheme.text, "card"),
        }[verdict]
        self._icon.show_icon(icon, colour)
        set_kind(self, kind)
        self.word.setText(str(verdict))
        self.formal.setText(formal)
        self.reasons.setText(" ".join(reasons))
        self.reasons.setVisible(bool(reasons))
        self.consequence.hide()
        self.action.hide()
        self.setAccessibleName(f"{verdict}. {' '.join(reasons)}")
        self.setAccessibleDescription(LIMITS)

    def show_consequence(self, sentence: str, action: str) -> None:
        """Say what follows from the verdict that is shown, in this frame and not in another one above it."""
        self.consequence.setText(sentence)
        self.consequence.show()
        self.action.setText(action)
        self.action.setAccessibleName(action)
        self.action.show()
        said = f"{self.accessibleName()} {sentence}"
        self.setAccessibleName(said)
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, said))
