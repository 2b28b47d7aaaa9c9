"""The verdict in the fixed words, with its reasons and its limits; told by sign and word, not by colour alone."""

from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from meddistill_gui.core.words import LIMITS, Verdict
from meddistill_gui.gui.theme import colours
from meddistill_gui.gui.theme.icons import IconLabel
from meddistill_gui.gui.widgets.labels import label, set_kind


class VerdictBanner(QFrame):
    """Nothing in it promises anything: the word, why, and what these tests cannot show."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = IconLabel("info", 28)
        self.word = label(kind="heading")
        self.formal = label(kind="muted")
        self.reasons = label()
        self.limits = label(LIMITS, "small")
        words = QVBoxLayout()
        words.setSpacing(4)
        for line in (self.word, self.reasons, self.formal, self.limits):
            policy = line.sizePolicy()  # its height follows from its width, which is not known yet
            policy.setVerticalPolicy(QSizePolicy.Policy.Preferred)
            line.setSizePolicy(policy)
            words.addWidget(line)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 12, 16, 12)
        row.setSpacing(16)
        row.addWidget(self._icon)
        row.addLayout(words, 1)

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
        self.setAccessibleName(f"{verdict}. {' '.join(reasons)}")
        self.setAccessibleDescription(LIMITS)
