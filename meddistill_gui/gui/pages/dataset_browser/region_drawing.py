"""What is being drawn: the regions with undo, the chosen one, its chosen corner, the line that is not closed yet, the cross of the keyboard."""

import dataclasses
from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from meddistill_gui.core.errors import LabelError
from meddistill_gui.data.patches.regions import FREEHAND, Region, check_region, now
from meddistill_gui.gui.pages.dataset_browser.region_history import RegionHistory
from meddistill_gui.gui.pages.dataset_browser.region_shapes import (
    Point,
    clamped,
    nearest,
    simplified,
    with_corner,
)


class RegionDrawing(QObject):
    """The state of drawing on one image; every point stays inside it.

    Signals:
        changed: Something is to be painted anew.
        edited: The regions are others now.

    Args:
        author: Who draws.
        parent: Owner.
    """

    changed = Signal()
    edited = Signal()

    def __init__(self, author: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._author = author
        self.width, self.height = 1, 1
        self.history = RegionHistory(self)
        self.history.changed.connect(self._on_history)
        self.open: list[Point] = []
        self.cursor: Point = (0.0, 0.0)
        self.chosen: int | None = None
        self.corner: int | None = None
        self._dragged: Point | None = None

    def begin(self, regions: Sequence[Region], width: int, height: int) -> None:
        """Draw on another image."""
        self.width, self.height = width, height
        self.cursor = (width / 2, height / 2)
        self.open, self.chosen, self.corner, self._dragged = [], None, None, None
        self.history.begin(regions)

    def shown(self) -> tuple[Region, ...]:
        """The regions as they look now, with the corner that is being dragged where it is."""
        region = self._region()
        if self._dragged is None or region is None or self.corner is None:
            return self.history.regions
        return self._with(self._moved(region, self._dragged))

    def choose(self, region: int | None) -> None:
        """Choose a region by its number."""
        self.chosen, self.corner = region, None
        self.changed.emit()

    def choose_near(self, at: Point, reach: float) -> None:
        """Choose the corner within reach, of the chosen region first."""
        order = sorted(range(len(self.history.regions)), key=lambda number: number != self.chosen)
        for number in order:
            corner = nearest(self.history.regions[number].vertices, at, reach)
            if corner is not None:
                self.chosen, self.corner = number, corner
                break
        else:
            self.chosen, self.corner = None, None
        self.changed.emit()

    def add_corner(self, at: Point) -> None:
        """One more corner of the open line."""
        self.chosen, self.corner = None, None
        self.cursor = clamped(at, self.width, self.height)
        if not self.open or self.open[-1] != self.cursor:
            self.open.append(self.cursor)
        self.changed.emit()

    def set_corner(self) -> None:
        """One more corner, where the cross stands."""
        self.add_corner(self.cursor)

    def ends_at(self, at: Point, reach: float) -> bool:
        """Whether a click here closes the open line."""
        return len(self.open) > 2 and nearest(self.open[:1], at, reach) is not None

    def take_back(self) -> None:
        """Remove the last corner of the open line."""
        if self.open:
            self.open.pop()
            self.cursor = self.open[-1] if self.open else self.cursor
            self.changed.emit()

    def give_up(self) -> None:
        """Drop the open line."""
        self.open = []
        self.changed.emit()

    def close(self, kind: str) -> str:
        """Make a region of the open line.

        Returns:
            What happened, as a sentence; a line that encloses nothing is dropped and says so.
        """
        points = simplified(self.open) if kind == FREEHAND else self.open
        self.open = []
        region = Region(kind=kind, vertices=tuple(points), author=self._author, time=now())
        try:
            check_region(region, self.width, self.height)
        except LabelError as error:
            self.changed.emit()
            return str(error)
        self.chosen = len(self.history.regions)
        self.history.change(self.tr("drawing a region"), (*self.history.regions, region))
        return self.tr("Region with {count} corners drawn.").format(count=len(points))

    def move(self, right: float, down: float) -> None:
        """Move the chosen corner, or the cross where none is chosen."""
        region = self._region()
        if region is not None and self.corner is not None:
            x, y = region.vertices[self.corner]
            self._change(self.tr("moving a corner"), self._moved(region, (x + right, y + down)))
            return
        x, y = self.cursor
        self.cursor = clamped((x + right, y + down), self.width, self.height)
        self.changed.emit()

    def drag_corner(self, to: Point) -> None:
        """Show the chosen corner elsewhere; `drop_corner` leaves it there."""
        if self.corner is not None:
            self._dragged = to
            self.changed.emit()

    def drop_corner(self) -> None:
        """Leave a dragged corner where it is."""
        region, to = self._region(), self._dragged
        self._dragged = None
        if region is not None and to is not None:
            self._change(self.tr("moving a corner"), self._moved(region, to))

    def next_corner(self) -> None:
        """Choose the next corner; of the last region where none is chosen."""
        self._step(1)

    def last_corner(self) -> None:
        """Choose the corner before."""
        self._step(-1)

    def insert_corner(self) -> None:
        """One more corner after the chosen one."""
        region = self._region()
        if region is not None and self.corner is not None:
            points = tuple(with_corner(region.vertices, self.corner))
            self.corner += 1
            self._change(self.tr("adding a corner"), dataclasses.replace(region, vertices=points))

    def remove_chosen(self) -> None:
        """Remove the chosen corner; where none is chosen, or only three are left, the chosen region."""
        region = self._region()
        if region is None or self.chosen is None:
            return
        if self.corner is None or len(region.vertices) <= 3:
            left = [r for n, r in enumerate(self.history.regions) if n != self.chosen]
            self.chosen, self.corner = None, None
            self.history.change(self.tr("removing a region"), left)
            return
        points = [p for n, p in enumerate(region.vertices) if n != self.corner]
        self.corner = min(self.corner, len(points) - 1)
        self._change(self.tr("removing a corner"), dataclasses.replace(region, vertices=tuple(points)))  # fmt: skip

    def _step(self, by: int) -> None:
        if not self.history.regions:
            return
        if self.chosen is None:
            self.chosen = len(self.history.regions) - 1
        count = len(self.history.regions[self.chosen].vertices)
        if count:
            self.corner = 0 if self.corner is None else (self.corner + by) % count
        self.changed.emit()

    def _region(self) -> Region | None:
        if self.chosen is None or self.chosen >= len(self.history.regions):
            return None
        return self.history.regions[self.chosen]

    def _moved(self, region: Region, to: Point) -> Region:
        points = list(region.vertices)
        if self.corner is not None:
            points[self.corner] = clamped(to, self.width, self.height)
        return dataclasses.replace(region, vertices=tuple(points))

    def _change(self, what: str, region: Region) -> None:
        """Take the step unless the region would enclose nothing after it."""
        try:
            check_region(region, self.width, self.height)
        except LabelError:
            self.changed.emit()
            return
        self.history.change(what, self._with(region))

    def _with(self, region: Region) -> tuple[Region, ...]:
        return tuple(
            region if number == self.chosen else one
            for number, one in enumerate(self.history.regions)
        )

    def _on_history(self) -> None:
        region = self._region()
        if region is None:
            self.chosen, self.corner = None, None
        elif self.corner is not None and self.corner >= len(region.vertices):
            self.corner = None
        self.edited.emit()
        self.changed.emit()
