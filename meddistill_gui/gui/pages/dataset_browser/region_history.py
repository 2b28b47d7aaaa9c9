"""The regions of the image that is being drawn on, with undo and redo: every change is a step from one whole list to the next."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack
from typing_extensions import override

from meddistill_gui.data.patches.regions import Region

Point = tuple[float, float]


class RegionHistory(QObject):
    """Holds what is drawn now; nothing is changed but through `change`.

    Signals:
        changed: The regions are others now.
        stepped: By a change, an undo or a redo: they are to be written down.

    Args:
        parent: Owner.
    """

    changed = Signal()
    stepped = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.regions: tuple[Region, ...] = ()
        self.steps = QUndoStack(self)

    def begin(self, regions: Sequence[Region]) -> None:
        """Start over with another image's regions."""
        self.steps.clear()
        self.regions = tuple(regions)
        self.changed.emit()

    def change(self, what: str, regions: Sequence[Region]) -> None:
        """Take one step that can be undone.

        Args:
            what: What the user did, for the tooltip of undo.
            regions: What is drawn after it.
        """
        self.steps.push(_Step(self, what, self.regions, tuple(regions)))

    def put(self, regions: tuple[Region, ...]) -> None:
        """Show these; for steps only."""
        self.regions = regions
        self.changed.emit()
        self.stepped.emit()


class _Step(QUndoCommand):
    def __init__(
        self,
        history: RegionHistory,
        what: str,
        before: tuple[Region, ...],
        after: tuple[Region, ...],
    ) -> None:
        super().__init__(what)
        self._history = history
        self._before = before
        self._after = after

    @override
    def redo(self) -> None:
        self._history.put(self._after)

    @override
    def undo(self) -> None:
        self._history.put(self._before)
