"""The parts of the live view and where they stand."""

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from meddistill_gui.gui.pages.live_view.curves_view import CurvesView
from meddistill_gui.gui.pages.live_view.frames_view import FramesView
from meddistill_gui.gui.plots.soft_label_bars import SoftLabelBars
from meddistill_gui.gui.theme.icons import IconLabel
from meddistill_gui.gui.widgets.figure_row import FigureRow
from meddistill_gui.gui.widgets.fitting import fitted, large_text
from meddistill_gui.gui.widgets.labels import label


@dataclass(frozen=True)
class LiveParts:
    """What the page talks to.

    Attributes:
        body: Holds all the rest.
        chooser: Runs of the project.
        state_icon: Icon of the state.
        state_word: Word of the state.
        figures: Phase, how far, how fast, how long, best so far.
        frames: The images.
        labels: Their soft labels.
        curves: The curves.
    """

    body: QWidget
    chooser: QComboBox
    state_icon: IconLabel
    state_word: QLabel
    figures: FigureRow
    frames: FramesView
    labels: SoftLabelBars
    curves: CurvesView


def make_parts() -> LiveParts:
    """Make the parts and arrange them."""
    parts = LiveParts(
        body=QWidget(),
        chooser=QComboBox(),
        state_icon=IconLabel("clock", 20),
        state_word=label(wrap=False, mouse=False),
        figures=FigureRow(
            {
                "phase": _tr("Phase"),
                "done": _tr("Done"),
                "speed": _tr("Speed"),
                "left": _tr("Left in this phase"),
                "best": _tr("Best on validation"),
            }
        ),
        frames=FramesView(),
        labels=SoftLabelBars(),
        curves=CurvesView(),
    )
    parts.chooser.setAccessibleName(_tr("Run"))
    parts.chooser.setSizeAdjustPolicy(
        QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
    )
    parts.chooser.setMinimumContentsLength(24)
    _arrange(parts)
    return parts


def _arrange(parts: LiveParts) -> None:
    choice = label(_tr("&Run"), wrap=False, mouse=False)
    choice.setBuddy(parts.chooser)
    head = QHBoxLayout()
    head.setSpacing(8)
    head.addWidget(choice)
    head.addWidget(parts.chooser)
    head.addSpacing(16)
    head.addWidget(parts.state_icon)
    head.addWidget(parts.state_word)
    head.addStretch()
    split = QSplitter(
        Qt.Orientation.Vertical if large_text(parts.body) else Qt.Orientation.Horizontal
    )
    split.setHandleWidth(16)
    split.setChildrenCollapsible(False)
    for views in ((parts.frames, parts.labels), (parts.curves,)):
        split.addWidget(_carded(*views))
    split.setSizes([500, 500])
    content = QWidget()
    column = QVBoxLayout(content)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(16)
    column.addLayout(head)
    column.addWidget(parts.figures)
    column.addWidget(split, 1)
    whole = QVBoxLayout(parts.body)
    whole.setContentsMargins(0, 0, 0, 0)
    whole.addWidget(fitted(content))


def _carded(*views: QWidget) -> QFrame:
    card = QFrame()
    card.setProperty("kind", "card")
    inside = QVBoxLayout(card)
    inside.setContentsMargins(16, 12, 16, 12)
    for view in views:
        inside.addWidget(view)
    return card


def _tr(text: str) -> str:
    return QCoreApplication.translate("LiveView", text)
